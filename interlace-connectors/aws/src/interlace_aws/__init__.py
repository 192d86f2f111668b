"""Secrets of AWS Secrets Manager for Interlace."""
