"""What Beforehand costs, measured beside what is commonly done, in one run on one machine."""
