"""Mails that come back, as mail servers write them."""


def report(to: str, *fields: str, kind: str = "delivery-status", more: str = "") -> bytes:
    """A multipart/report to our return path; `fields` are the lines of its second group."""
    first = "Reporting-MTA: dns; mx.example" if kind == "delivery-status" else ""
    block = "\r\n".join(([first, ""] if first else []) + list(fields))
    return "\r\n".join(
        [
            "Return-Path: <>",
            "From: MAILER-DAEMON@mx.example",
            f"To: <{to}>",
            "Subject: Undelivered Mail Returned to Sender",
            "Auto-Submitted: auto-replied",
            "MIME-Version: 1.0",
            f'Content-Type: multipart/report; report-type={kind}; boundary="B"',
            "",
            "--B",
            "Content-Type: text/plain",
            "",
            "I am sorry. <script>alert(1)</script>",
            "--B",
            f"Content-Type: message/{kind}",
            "",
            block,
            "",
            "--B",
            "Content-Type: text/rfc822-headers",
            "",
            "From: Aurora <hello@aurora.example>",
            "Subject: A coffee waits",
            more,
            "--B--",
            "",
        ]
    ).encode()


def bounce(to: str, status: str, *, action: str = "failed", said: str = "") -> bytes:
    """A report that a mail was not delivered, or not yet, or was."""
    return report(
        to,
        "Final-Recipient: rfc822; guest@example.com",
        f"Action: {action}",
        f"Status: {status}",
        f"Diagnostic-Code: smtp; {said or f'550 {status} no'}",
    )


def complaint(return_path: str, kind: str = "abuse") -> bytes:
    """What a mailbox provider sends when somebody calls a mail spam: our return path stands among its headers."""
    fields = (f"Feedback-Type: {kind}", "User-Agent: SomeGenerator/1.0", "Version: 1")
    return report("fbl@aurora.example", *fields, kind="feedback-report", more=f"Return-Path: <{return_path}>")


def absence(to: str) -> bytes:
    """An absent guest's automatic answer."""
    return f"From: guest@example.com\r\nTo: {to}\r\nAuto-Submitted: auto-replied\r\n\r\nI am away.\r\n".encode()
