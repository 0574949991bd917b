"""Secrets for links in mails: the mail carries the token, the database only its hash."""

import hashlib
import secrets


def new_token() -> tuple[str, str]:
    """Make a secret that cannot be guessed.

    :return: the token for the link (32 random bytes, 43 characters that a URL may carry) and its
        hash for the row; whoever reads the database cannot make links of it.
    """
    token = secrets.token_urlsafe(32)
    return token, hash_token(token)


def hash_token(token: str) -> str:
    """Return the SHA-256 of a token as 64 hex digits; any text is accepted, none raises.

    A plain hash is enough, since a token has 256 random bits and nobody can try them all.
    """
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()
