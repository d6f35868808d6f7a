"""What Beforehand is made of on AWS."""
