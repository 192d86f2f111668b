"""Files in Amazon S3 and compatible stores for Interlace."""
