"""Messages over a socket come whole, however they are cut on the way."""

import json
import socket
import struct
import threading

import pytest

from kommunanalys.reporting.channel import Channel


@pytest.fixture
def ends():
    left, right = socket.socketpair()
    with left, right:
        yield left, Channel(right)


def test_messages_keep_their_order_and_signs(ends):
    left, right = ends
    sent = [{"text": "åäö \U0001f600 \n"}, {"number": 1.5, "none": None}]
    for message in sent:
        Channel(left).send(message)
    assert [right.receive() for _ in sent] == sent


def test_a_message_in_pieces_is_one_message(ends):
    left, right = ends
    body = json.dumps({"a": "b" * 100}).encode()
    raw = struct.pack("!Q", len(body)) + body
    for start in range(0, len(raw), 7):
        left.sendall(raw[start : start + 7])
    assert right.receive() == {"a": "b" * 100}


def test_more_than_a_socket_holds(ends):
    left, right = ends
    writer = threading.Thread(target=Channel(left).send, args=({"a": "x" * 5_000_000},))
    writer.start()
    assert len(right.receive()["a"]) == 5_000_000
    writer.join()


def test_the_other_end_has_gone(ends):
    left, right = ends
    left.sendall(struct.pack("!Q", 100) + b"half")
    left.close()
    with pytest.raises(EOFError):
        right.receive()
