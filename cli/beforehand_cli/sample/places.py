"""Where the sample company's customers live, what they speak, and what people are called there."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """One place: its share of the customers, and what a customer there looks like."""

    share: int
    country: str
    zones: tuple[str, ...]
    languages: tuple[str, ...]
    phones: str
    """A phone number there; # stands for a digit."""
    given: tuple[str, ...]
    family: tuple[str, ...]
    family_first: bool = False


PLACES = (
    Place(share=22, country="IN", zones=("Asia/Kolkata",), languages=("hi",), phones="+917010######",
          given=("आशा", "राहुल", "प्रिया", "अमित", "सुनीता", "विक्रम", "नेहा", "संजय"),
          family=("शर्मा", "वर्मा", "सिंह", "गुप्ता", "मिश्रा", "यादव")),
    Place(share=8, country="IN", zones=("Asia/Kolkata",), languages=("ta",), phones="+917448######",
          given=("கவிதா", "முருகன்", "லட்சுமி", "அருண்", "மீனா"),
          family=("சுப்பிரமணியன்", "ராஜன்", "நடராஜன்", "செல்வம்")),
    Place(share=14, country="IN", zones=("Asia/Kolkata",), languages=("en-IN",), phones="+919800######",
          given=("Anjali", "Rohan", "Kavya", "Arjun", "Meera", "Dev"),
          family=("Nair", "Iyer", "Fernandes", "Reddy", "Kapoor")),
    Place(share=16, country="US", zones=("America/New_York", "America/Chicago", "America/Denver",
                                         "America/Los_Angeles", "Pacific/Honolulu"),
          languages=("en-US", "es-US"), phones="+120155501##",
          given=("Emma", "James", "Olivia", "Luis", "Grace", "Noah", "Maya"),
          family=("Johnson", "Garcia", "Miller", "Chen", "O'Brien", "Washington")),
    Place(share=8, country="GB", zones=("Europe/London",), languages=("en-GB",), phones="+447400######",
          given=("Amelia", "Oliver", "Isla", "George", "Zara"),
          family=("Smith", "Patel", "MacDonald", "Evans", "Khan")),
    Place(share=8, country="DE", zones=("Europe/Berlin",), languages=("de",), phones="+4917604069##",
          given=("Jürgen", "Anke", "Björn", "Ayşe", "Lena"),
          family=("Müller", "Groß", "Schäfer", "Yılmaz", "Weiß")),
    Place(share=7, country="FR", zones=("Europe/Paris",), languages=("fr",), phones="+33612######",
          given=("Zoé", "François", "Chloé", "Loïc", "Inès"),
          family=("Lefèvre", "Dubois", "Bénard", "Nguyễn", "Moreau")),
    Place(share=7, country="MX", zones=("America/Mexico_City", "America/Tijuana"), languages=("es-MX",),
          phones="+525515######", given=("María", "José", "Lucía", "Ángel", "Sofía"),
          family=("Hernández", "Ibáñez", "Muñoz", "Ríos")),
    Place(share=5, country="AE", zones=("Asia/Dubai",), languages=("ar", "en"), phones="+971501######",
          given=("فاطمة", "أحمد", "ليلى", "يوسف"), family=("الهاشمي", "المنصوري", "خليل")),
    Place(share=5, country="JP", zones=("Asia/Tokyo",), languages=("ja",), phones="+819012######",
          given=("葵", "蓮", "陽菜", "大翔"), family=("佐藤", "鈴木", "高橋", "渡辺"), family_first=True),
)  # fmt: skip
