"""The sample company: invented people in many places, each with a history that tells a story."""
