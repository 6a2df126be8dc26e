"""PDUs as the specification writes them (SMPP 3.4), read and written without the library that the product uses."""

import struct
from dataclasses import dataclass

BIND_RECEIVER, BIND_TRANSMITTER, BIND_TRANSCEIVER = 0x01, 0x02, 0x09
SUBMIT_SM, DELIVER_SM, UNBIND, ENQUIRE_LINK = 0x04, 0x05, 0x06, 0x15
RESPONSE, GENERIC_NACK = 0x80000000, 0x80000000

_STRINGS = {"service_type", "source_addr", "destination_addr", "schedule_delivery_time", "validity_period"}
_MESSAGE = (
    *("service_type", "source_addr_ton", "source_addr_npi", "source_addr", "dest_addr_ton", "dest_addr_npi"),
    *("destination_addr", "esm_class", "protocol_id", "priority_flag", "schedule_delivery_time", "validity_period"),
    *("registered_delivery", "replace_if_present_flag", "data_coding", "sm_default_msg_id", "sm_length"),
)


@dataclass(frozen=True)
class Pdu:
    command: int
    status: int
    sequence: int
    body: bytes = b""

    def packed(self) -> bytes:
        return struct.pack(">LLLL", 16 + len(self.body), self.command, self.status, self.sequence) + self.body


def read_message(body: bytes) -> tuple[dict[str, str | int], bytes, dict[int, bytes]]:
    """The fields of a `submit_sm` or `deliver_sm`, its octets, and its optional parameters."""
    fields: dict[str, str | int] = {}
    for name in _MESSAGE:
        if name in _STRINGS:
            value, _, body = body.partition(b"\x00")
            fields[name] = value.decode("ascii")
        else:
            fields[name], body = body[0], body[1:]
    octets, body = body[: fields["sm_length"]], body[int(fields["sm_length"]) :]
    optional = {}
    while body:
        tag, length = struct.unpack(">HH", body[:4])
        optional[tag], body = body[4 : 4 + length], body[4 + length :]
    return fields, octets, optional


def write_message(octets: bytes, optional: dict[int, bytes] | None = None, **fields: str | int) -> bytes:
    """The body of a `deliver_sm`; what is not named is empty."""
    body = b""
    for name in _MESSAGE[:-1]:
        value = fields.get(name, "" if name in _STRINGS else 0)
        body += value.encode("ascii") + b"\x00" if isinstance(value, str) else bytes([value])
    tail = b"".join(struct.pack(">HH", tag, len(value)) + value for tag, value in (optional or {}).items())
    return body + bytes([len(octets)]) + octets + tail
