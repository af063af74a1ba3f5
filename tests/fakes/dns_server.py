"""A name server on loopback, over UDP and TCP, that answers with the records of a test."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import BaseRequestHandler, TCPServer, ThreadingMixIn, UDPServer
from struct import pack, unpack
from threading import Thread
from typing import cast

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
from dns.rdatatype import to_text
from dns.resolver import Resolver


class DnsServer:
    """Answers by `records`, texts by name and type; names without any do not exist.

    `rcode` is that of every answer, `silent` leaves questions unanswered, and `truncated` answers
    over UDP are cut.
    """

    def __init__(self) -> None:
        self.records: dict[tuple[str, str], tuple[str, ...]] = {}
        self.ttl, self.rcode = 30, dns.rcode.NOERROR
        self.silent = self.truncated = False
        self.questions: list[str] = []
        self._udp, self._tcp = _servers(self)
        self.port = int(self._udp.server_address[1])

    @contextmanager
    def running(self) -> Iterator["DnsServer"]:
        servers = (self._udp, self._tcp)
        threads = [Thread(target=each.serve_forever, args=(0.01,)) for each in servers]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            for server, thread in zip(servers, threads, strict=True):
                server.shutdown()
                thread.join()
                server.server_close()

    def resolver(self) -> Resolver:
        """One that knows this server alone."""
        made = Resolver(configure=False)
        made.nameservers, made.port = ["127.0.0.1"], self.port
        return made

    def answer(self, query: bytes, *, cut: bool) -> bytes | None:
        asked = dns.message.from_wire(query)
        question = asked.question[0]
        name, kind = question.name.to_text(omit_final_dot=True), to_text(question.rdtype)
        self.questions.append(f"{kind} {name}")
        if self.silent:
            return None
        response = dns.message.make_response(asked)
        response.set_rcode(self.rcode)
        known = any(name == other for other, _ in self.records)
        if not known and self.rcode == dns.rcode.NOERROR:
            response.set_rcode(dns.rcode.NXDOMAIN)
        texts = self.records.get((name, kind))
        if cut:
            response.flags |= dns.flags.TC
        elif texts:
            response.answer.append(dns.rrset.from_text(question.name, self.ttl, "IN", kind, *texts))
        return response.to_wire()


class _Udp(ThreadingMixIn, UDPServer):
    dns_server: DnsServer


class _Tcp(ThreadingMixIn, TCPServer):
    allow_reuse_address = True
    dns_server: DnsServer


class _UdpHandler(BaseRequestHandler):
    def handle(self) -> None:
        query, line = cast("tuple[bytes, socket.socket]", self.request)
        server = cast("_Udp", self.server).dns_server
        answer = server.answer(query, cut=server.truncated)
        if answer:
            line.sendto(answer, self.client_address)


class _TcpHandler(BaseRequestHandler):
    def handle(self) -> None:
        line = cast("socket.socket", self.request)
        (size,) = unpack("!H", line.recv(2))
        answer = cast("_Tcp", self.server).dns_server.answer(line.recv(size), cut=False)
        if answer:
            line.sendall(pack("!H", len(answer)) + answer)


def _servers(owner: DnsServer) -> tuple[_Udp, _Tcp]:
    """Return two servers at the same port."""
    while True:
        udp = _Udp(("127.0.0.1", 0), _UdpHandler)
        try:
            tcp = _Tcp(("127.0.0.1", int(udp.server_address[1])), _TcpHandler)
        except OSError:
            udp.server_close()
            continue
        udp.dns_server = tcp.dns_server = owner
        return udp, tcp
