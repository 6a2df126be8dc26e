"""What every answer says to the browser about trust."""

import secrets

from flask import Flask, Response, current_app, g, request, session

from web.htmx import vary_on_htmx

ASSETS_STAY = "public, max-age=31536000, immutable"


def csp_nonce() -> str:
    """This answer's nonce, for the few elements that cannot be files."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return g.csp_nonce


def init_app(app: Flask) -> None:
    """Send the headers with every answer; a view that sets one of them itself keeps its own."""
    app.after_request(protect)
    app.jinja_env.globals["csp_nonce"] = csp_nonce


def protect(response: Response) -> Response:
    """Set what is not set yet."""
    for name, value in _headers().items():
        response.headers.setdefault(name, value)
    if request.endpoint == "static":
        if (request.args.get("v") or request.path.endswith(".woff2")) and response.status_code in (200, 304):
            response.headers["Cache-Control"] = ASSETS_STAY
        return response
    response.headers.setdefault("Cache-Control", "no-store" if _is_personal(response) else "no-cache")
    return vary_on_htmx(response)


def _is_personal(response: Response) -> bool:
    return "_user_id" in session or "Set-Cookie" in response.headers


def _headers() -> dict[str, str]:
    headers = {
        "Content-Security-Policy": _policy(),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "SAMEORIGIN",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    }
    if current_app.config["SETTINGS"].is_production:
        headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    return headers


def _policy() -> str:
    nonce = f"'nonce-{csp_nonce()}'"
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' {nonce}",
            f"style-src 'self' {nonce}",
            "img-src 'self' data:",
            "connect-src 'self'",
            "frame-src 'self'",
            "form-action 'self'",
            "object-src 'none'",
            "base-uri 'none'",
            "frame-ancestors 'self'",
        )
    )
