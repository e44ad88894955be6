"""What the environment says: secrets, addresses, stores, mail, campus sign-on."""

import stat
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as Caution

_PLACEHOLDERS = ("django-insecure", "changeme", "change-me", "only-for-", "example", "secret-key")
# Anybody can have an address there: such a domain admits the whole world.
_PUBLIC_MAIL = frozenset(
    {
        "aol.com",
        "gmail.com",
        "gmx.com",
        "googlemail.com",
        "hotmail.com",
        "icloud.com",
        "live.com",
        "mail.com",
        "me.com",
        "outlook.com",
        "proton.me",
        "protonmail.com",
        "yahoo.com",
    }
)
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def _error(number: int, said: str, hint: str) -> CheckMessage:
    return Error(said, hint=hint, id=f"peersupport.E{number:03d}")


def _caution(number: int, said: str, hint: str) -> CheckMessage:
    return Caution(said, hint=hint, id=f"peersupport.W{number:03d}")


def secret_key() -> list[CheckMessage]:
    """SECRET_KEY is random, and no example."""
    key = str(settings.SECRET_KEY)
    is_example = any(word in key.lower() for word in _PLACEHOLDERS)
    if is_example or len(key) < 40 or len(set(key)) < 16:
        hint = "python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
        return [_error(1, "SECRET_KEY is an example, or is not random.", hint)]
    return []


def debug() -> list[CheckMessage]:
    """Neither DEBUG nor DEMO is on."""
    if settings.DEBUG or settings.DEMO:
        return [
            _error(2, "DEBUG or DEMO is on.", "Unset DEMO. Nothing switches DEBUG on but code.")
        ]
    return []


def hosts() -> list[CheckMessage]:
    """Host names are whole ones."""
    wide = [host for host in settings.ALLOWED_HOSTS if host.startswith((".", "*"))]
    if wide or not settings.ALLOWED_HOSTS:
        hint = "Name each host in ALLOWED_HOSTS; that of PUBLIC_URL is there by itself."
        return [_error(3, "ALLOWED_HOSTS lets in any name.", hint)]
    return []


def transport() -> list[CheckMessage]:
    """Everything goes over HTTPS, and stays there."""
    if not settings.IS_SECURE:
        hint = "Set PUBLIC_URL to the https:// address that people use."
        return [_error(4, "PUBLIC_URL does not begin with https://.", hint)]
    wanted = (
        settings.SESSION_COOKIE_SECURE,
        settings.CSRF_COOKIE_SECURE,
        getattr(settings, "SECURE_SSL_REDIRECT", False),
        getattr(settings, "SECURE_HSTS_SECONDS", 0) >= 31_536_000,
    )
    if not all(wanted):
        hint = "They follow from PUBLIC_URL. Undo what was changed in settings.py."
        return [_error(5, "Cookies or HSTS are not as HTTPS needs them.", hint)]
    return []


def proxies() -> list[CheckMessage]:
    """Whoever stands in front is believed as far as needed, and no further."""
    behind = bool(getattr(settings, "SECURE_PROXY_SSL_HEADER", None))
    if behind and not settings.TRUSTED_PROXIES:
        hint = "Set TRUSTED_PROXIES to how many proxies of your own stand in front, usually 1."
        said = "Behind a proxy everybody seems to come from one address: limits hit all at once."
        return [_error(6, said, hint)]
    if settings.TRUSTED_PROXIES and not behind:
        hint = "Set BEHIND_PROXY=1, or unset TRUSTED_PROXIES if nothing stands in front."
        return [_caution(6, "TRUSTED_PROXIES is set, but BEHIND_PROXY is not.", hint)]
    return []


def mail() -> list[CheckMessage]:
    """Sign-in codes and letters really leave."""
    if not settings.EMAIL_BACKEND.endswith("smtp.EmailBackend"):
        hint = "EMAIL_URL=smtp+tls://user:password@mail.school.example:587"
        return [_error(7, "Mail does not leave: EMAIL_URL names no mail server.", hint)]
    is_here = settings.EMAIL_HOST in _LOOPBACK
    if is_here and settings.EMAIL_PORT == 25 and not settings.EMAIL_HOST_USER:
        hint = "Set EMAIL_URL, unless a mail server of your own really answers on this machine."
        return [_caution(7, "EMAIL_URL is not set: mail goes to port 25 of this machine.", hint)]
    if not (is_here or settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL):
        hint = "Use smtp+tls:// or smtp+ssl:// in EMAIL_URL: sign-in codes travel in these mails."
        return [_error(8, "Mail goes to its server without encryption.", hint)]
    return []


def heartbeat() -> list[CheckMessage]:
    """Somebody outside notices when the worker goes silent: it cannot say so itself."""
    if settings.PLANE == "care":
        return []  # its clock is another, and /healthz of its host tells of it
    if not settings.HEARTBEAT_URL:
        said = "HEARTBEAT_URL is not set: a worker or a whole machine that stops tells nobody."
        hint = (
            "Give it the https:// address of a watcher outside this machine, who alarms when "
            "nobody asks for it. A page that nobody looks at is no alarm."
        )
        return [_caution(35, said, hint)]
    address = urlsplit(settings.HEARTBEAT_URL)
    is_here = address.hostname in _LOOPBACK
    is_whole = bool(address.hostname) and not set(settings.HEARTBEAT_URL) & set(" <>\"'{}")
    if not is_whole or (address.scheme != "https" and not is_here):
        hint = "HEARTBEAT_URL=https://watch.school.example/ping/..."
        return [_error(35, "HEARTBEAT_URL is no address that can be asked for over HTTPS.", hint)]
    return []


def stores() -> list[CheckMessage]:
    """PostgreSQL and Redis, not what the demo uses."""
    said = []
    if not settings.DATABASES["default"]["ENGINE"].endswith("postgresql"):
        hint = "DATABASE_URL=postgres://user:password@host/name"
        said.append(_error(9, "The database is not PostgreSQL.", hint))
    if not settings.REDIS_URL:
        hint = "REDIS_URL=redis://host:6379/0 (deploy/redis.conf.example)"
        said.append(_error(10, "REDIS_URL is not set: nothing wakes the worker.", hint))
    return said


def keys() -> list[CheckMessage]:
    """Key files are there, for the program alone, and away from what is backed up."""
    place = Path(settings.KEYS_DIR)
    if not place.is_dir():
        return [_error(11, "KEYS_DIR is not there.", "Run `manage.py init_keys` once.")]
    said = []
    open_ones = [
        path.name
        for path in [place, *place.glob("[!.]*")]  # locks hold nothing
        if stat.S_IMODE(path.stat().st_mode) & 0o077
    ]
    if open_ones:
        hint = f"chmod -R go= {place}"
        names = ", ".join(sorted(open_ones))
        said.append(_error(12, f"Others on this machine can read the keys: {names}.", hint))
    if place.resolve().is_relative_to(Path(settings.DATA_DIR).resolve()):
        hint = "Give KEYS_DIR a place of its own that no backup takes: /var/lib/peersupport-keys"
        said.append(_error(13, "The keys lie in DATA_DIR, which is backed up.", hint))
    return said


def campus() -> list[CheckMessage]:
    """Campus sign-on is over HTTPS, and nobody is a student and never one."""
    said = []
    if settings.OIDC_ISSUER and urlsplit(settings.OIDC_ISSUER).scheme != "https":
        hint = "OIDC_ISSUER=https://..."
        said.append(_error(14, "The campus sign-on is not over HTTPS.", hint))
    both = set(settings.OIDC_STUDENT_VALUES) & set(settings.OIDC_NEVER_VALUES)
    if both:
        hint = "Take them out of OIDC_STUDENT_VALUES or OIDC_NEVER_VALUES; never wins."
        names = ", ".join(sorted(both))
        said.append(_error(15, f"Somebody would be a student and never one: {names}.", hint))
    return said


def admitted() -> list[CheckMessage]:
    """A domain that admits students is the school's own."""
    public = sorted(_PUBLIC_MAIL & set(settings.STUDENT_DOMAINS))
    if public:
        hint = "STUDENT_DOMAINS holds the school's own domains only."
        said = f"Anybody in the world could sign in as a student: {', '.join(public)}."
        return [_error(16, said, hint)]
    return []


def crisis_lines() -> list[CheckMessage]:
    """The school's own numbers are real ones."""
    wrong = [
        label
        for label, number in settings.CRISIS_EXTRA
        if "555-01" in number or sum(c.isdigit() for c in number) < 3
    ]
    if wrong:
        hint = "Write the real number into EXTRA_CRISIS_LINES, and call it once."
        return [_error(17, f"A crisis number is an example: {', '.join(wrong)}.", hint)]
    return []


CHECKS = (
    secret_key,
    debug,
    hosts,
    transport,
    proxies,
    mail,
    heartbeat,
    stores,
    keys,
    campus,
    admitted,
    crisis_lines,
)
