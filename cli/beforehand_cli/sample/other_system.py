"""A file as another system writes it: names of its own, semicolons, and some rows that nobody should believe."""

import csv
from datetime import date, timedelta
from pathlib import Path

HEADER = (
    "Customer ID", "Full Name", "E-Mail", "Phone Number", "Language", "Time Zone", "Country", "Segment",
    "Sign-up Date", "Opt-in",
)  # fmt: skip


def write(folder: Path, *, today: date) -> Path:
    """Writes crm-export.csv into the folder: seven good rows, and five that an import must refuse."""
    joined, to_come = today - timedelta(days=400), today + timedelta(days=400)
    path = folder / "crm-export.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(HEADER)
        for number, (name, phone, language, zone, country, signed_up_on) in enumerate(
            (
                ("Asha Rao", "98450 12345", "hi", "Asia/Kolkata", "IN", joined),
                ("Vikram Shah", "98450 12346", "hindi", "Asia/Kolkata", "IN", joined),
                ("Meera Nair", "98450 12347", "en-IN", "Asia/Calcuta", "IN", joined),
                ("George Evans", "12", "en-GB", "Europe/London", "GB", joined),
                ("Isla Khan", "+44 7400 123456", "en-GB", "Europe/London", "GB", joined),
                ("Lena Weiß", "", "de", "Europe/Berlin", "DE", f"{joined.year}-02-30"),
                ("Björn Groß", "01512 3456789", "de", "Europe/Berlin", "DE", joined),
                ("Zoé Moreau", "", "fr", "Europe/Paris", "FR", to_come),
                ("Loïc Dubois", "", "fr", "Europe/Paris", "FR", joined),
                ("Lucía Ríos", "", "es-MX", "America/Mexico_City", "MX", joined),
                ("Maya Chen", "", "en-US", "America/Chicago", "US", joined),
                ("Noah Miller", "", "en-US", "America/Denver", "US", joined),
            ),
            900_001,
        ):
            email = f"c{number}@customers.example"
            writer.writerow(
                (f"C{number}", name, email, phone, language, zone, country, "Regular", signed_up_on, "yes")
            )
    return path
