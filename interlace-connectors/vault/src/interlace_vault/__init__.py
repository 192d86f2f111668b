"""Secrets of HashiCorp Vault and OpenBao for Interlace."""
