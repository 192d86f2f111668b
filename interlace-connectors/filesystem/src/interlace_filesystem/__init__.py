"""Files in folders, on SFTP servers and in any store of fsspec for Interlace."""
