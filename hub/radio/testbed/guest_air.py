"""The air of the test bed: radios for the guest, radios for sensors, and advertisers that only count.

The controllers are those of `sensor-fw/host/tests/interop/air.py` (PyPI's bumble), which has to be on Python's path. A
guest's radio differs: Linux is a stricter host than a sensor's, so it filters duplicates as it is told to, forgets
what it did when it is reset, and says when it begins and stops to listen.

    python guest_air.py RADIO_SOCKET…

Each line on stdin is one thing to do, as JSON with an `id`; its answer, with the same `id`, and everything that happens by
itself are lines on stdout. It ends when stdin does.
"""

import asyncio
import dataclasses
import json
import struct
import sys

from bumble import hci, ll

import air

COUNTING = "C0:FF:EE"
ASKED = "C0:FF:EF"
BTHOME = bytes([0xD2, 0xFC])
ACTIVE = 1
"""The type of scanning that asks for more."""
CODED_BIT = 4
"""The coded PHY among those that are scanned."""
LEGACY = {air.EventType.ADV_IND: 0b10011, air.EventType.ADV_NONCONN_IND: 0b10000, air.EventType.SCAN_RSP: 0b11011}
"""What legacy adverts are called in extended reports (Core 5.4, volume 4, part E, 7.7.65.13)."""
PLAIN_V2, COUNT_4_BYTES = 0x40, 0x3E


ATT, WRITE_REQUEST, WRITE_HEAD = bytes([4, 0]), bytes([0x12]), 7
"""A channel of L2CAP, what begins on it, and how many bytes stand before the value (Core 5.4, volume 3, parts A 2.1 and F 3.4.5.1)."""


def say(**what):
    print(json.dumps(what), flush=True)


@dataclasses.dataclass
class CodedAdv(ll.AdvNonConnInd):
    """An extended advert on the coded PHY."""


class GuestRadio(air.Radio):
    """A controller for Linux."""

    number = 0
    duplicates = "none"
    """By what it knows a duplicate when it is told to filter them: `none`, `data` (address and data) or `address`."""
    is_hanging = False
    is_extended = False
    hears_coded = False

    def __init__(self, name, place, **keywords):
        super().__init__(name, place, **keywords)
        self.seen = set()
        # Features whose commands bumble has only in parts: Linux would use the whole.
        self.le_features &= ~(hci.LeFeatureMask.LE_PERIODIC_ADVERTISING | hci.LeFeatureMask.LE_CODED_PHY)

    def on_hci_command_packet(self, command):
        if not self.is_hanging:
            super().on_hci_command_packet(command)

    def on_hci_reset_command(self, command):
        for connection in list(self.le_connections.values()):
            self.hang_up(connection)
        self.pending_le_connection = None
        self.le_legacy_advertiser.stop()
        self.listen(False)
        return super().on_hci_reset_command(command)

    def on_hci_le_create_connection_cancel_command(self, command):
        """Whoever waits for the connection is told that it does not come."""
        if (pending := self.pending_le_connection) is None:
            return hci.HCI_StatusReturnParameters(hci.HCI_ErrorCode.COMMAND_DISALLOWED_ERROR)
        self.pending_le_connection = None
        asyncio.get_running_loop().call_soon(self.send_hci_packet, hci.HCI_LE_Connection_Complete_Event(
            status=hci.HCI_ErrorCode.UNKNOWN_CONNECTION_IDENTIFIER_ERROR, connection_handle=0, role=hci.Role.CENTRAL,
            peer_address_type=pending.peer_address_type, peer_address=pending.peer_address, connection_interval=0,
            peripheral_latency=0, supervision_timeout=0, central_clock_accuracy=0))
        return super().on_hci_le_create_connection_cancel_command(command)

    def hang_up(self, connection):
        """Nobody holds this end of the connection any more."""
        peer = self.link.find_le_controller(connection.peer_address)
        if peer is not None and (other := peer.le_connections.get(connection.self_address)):
            peer.on_le_disconnected(other, hci.HCI_ErrorCode.CONNECTION_TIMEOUT_ERROR)
        self.le_connections.pop(connection.peer_address, None)

    def extend(self):
        """As a controller of Bluetooth 5: Linux asks for nothing that it does not claim."""
        self.is_extended = True
        self.le_features |= hci.LeFeatureMask.LE_CODED_PHY | hci.LeFeatureMask.LE_EXTENDED_ADVERTISING
        self.supported_commands = self.supported_commands | {
            hci.HCI_LE_SET_EXTENDED_SCAN_PARAMETERS_COMMAND, hci.HCI_LE_SET_EXTENDED_SCAN_ENABLE_COMMAND}

    def on_hci_le_set_scan_enable_command(self, command):
        answer = super().on_hci_le_set_scan_enable_command(command)
        self.listen(self.le_scan_enable)
        return answer

    def on_hci_le_set_extended_scan_parameters_command(self, command):
        self.hears_coded = bool(command.scanning_phys & CODED_BIT)
        self.le_scan_type = command.scan_types[0]
        return super().on_hci_le_set_extended_scan_parameters_command(command)

    def on_hci_le_set_extended_scan_enable_command(self, command):
        answer = super().on_hci_le_set_extended_scan_enable_command(command)
        self.listen(self.le_scan_enable)
        return answer

    def send_hci_packet(self, packet):
        """Whoever asked for extended scanning gets extended reports."""
        if self.is_extended and isinstance(packet, hci.HCI_LE_Advertising_Report_Event):
            packet = hci.HCI_LE_Extended_Advertising_Report_Event([self.extended(each) for each in packet.reports])
        super().send_hci_packet(packet)

    def extended(self, report, is_coded=False):
        phy = hci.Phy.LE_CODED if is_coded else hci.Phy.LE_1M
        return hci.HCI_LE_Extended_Advertising_Report_Event.Report(
            event_type=0 if is_coded else LEGACY[report.event_type], address_type=report.address_type,
            address=report.address, primary_phy=phy, secondary_phy=phy if is_coded else 0, advertising_sid=0xFF,
            tx_power=0x7F, rssi=report.rssi, periodic_advertising_interval=0, direct_address_type=0,
            direct_address=hci.Address.ANY, data=report.data)

    def listen(self, is_listening):
        self.le_scan_enable = is_listening
        self.seen.clear()
        say(event="listening", radio=self.number, on=is_listening, active=self.le_scan_type == ACTIVE)

    def on_advertising_pdu(self, pdu):
        if self.is_hanging:
            return
        if isinstance(pdu, CodedAdv):
            if self.le_scan_enable and self.hears_coded:
                report = hci.HCI_LE_Advertising_Report_Event.Report(
                    event_type=air.EventType.ADV_NONCONN_IND, address_type=pdu.advertiser_address.address_type,
                    address=pdu.advertiser_address, data=pdu.data, rssi=-90)
                report = self.extended(report, is_coded=True)
                self.send_hci_packet(hci.HCI_LE_Extended_Advertising_Report_Event([report]))
            return
        if self.le_scan_enable and self.filter_duplicates and self.duplicates != "none":
            mark = bytes(pdu.advertiser_address), pdu.data if self.duplicates == "data" else b""
            if mark in self.seen:
                return
            self.seen.add(mark)
        super().on_advertising_pdu(pdu)
        if self.le_scan_enable and self.le_scan_type == ACTIVE and isinstance(pdu, ll.AdvInd):
            self.report_scan_response(pdu.advertiser_address)

    def report_scan_response(self, address):
        """Everybody who can be connected answers who asks, with nothing if there is nothing to say; Linux waits for it."""
        advertisers = (controller.le_legacy_advertiser for controller in self.link.controllers)
        said = (advertiser.scan_response_data for advertiser in advertisers if advertiser.address == address)
        data = ANSWERS.get(address) or next(said, b"")
        report = hci.HCI_LE_Advertising_Report_Event.Report(
            event_type=air.EventType.SCAN_RSP, address_type=address.address_type, address=address, data=data, rssi=-50)
        self.send_hci_packet(hci.HCI_LE_Advertising_Report_Event([report]))


class GuestAir(air.Air):
    """The air between guests and sensors: it counts what is written to sensors, and loses links."""

    def __init__(self):
        super().__init__()
        self.written = []
        """A connection and how many bytes were written over it, each in turn."""
        self.limit = None
        """So many bytes over one link, whether it is lost then, and who waits for it."""

    def send_acl_data(self, sender, destination, transport, data):
        connection = sender.le_connections.get(destination)
        is_write = data[2:4] == ATT and data[4:5] == WRITE_REQUEST
        if connection is not None and isinstance(sender, GuestRadio) and is_write and self.count(connection, data):
            asyncio.get_running_loop().call_soon(self.lose, connection)
        else:
            super().send_acl_data(sender, destination, transport, data)

    def count(self, connection, data):
        """Is the link to be lost with what is written now?"""
        if not self.written or self.written[-1][0] is not connection:
            self.written.append([connection, 0])
        self.written[-1][1] += len(data) - WRITE_HEAD
        if self.limit is None or self.written[-1][1] < self.limit[0]:
            return False
        (_, is_lost, reached), self.limit = self.limit, None
        if not reached.done():
            reached.set_result(None)
        return is_lost

    def lose(self, connection):
        """Both ends are out of reach of each other, and notice."""
        peer = self.find_le_controller(connection.peer_address)
        if peer is not None and (other := peer.le_connections.get(connection.self_address)):
            peer.on_le_disconnected(other, hci.HCI_ErrorCode.CONNECTION_TIMEOUT_ERROR)
        if connection.peer_address in connection.controller.le_connections:
            connection.controller.on_le_disconnected(connection, hci.HCI_ErrorCode.CONNECTION_TIMEOUT_ERROR)


class GuestSocket(air.Socket):
    """A guest's radio for whoever connects, which is qemu."""

    def connection_made(self, transport):
        self.transport = transport
        self.radio = GuestRadio(
            f"G{self.number}",
            self.air,
            host_source=self,
            host_sink=air.StreamPacketSink(transport),
            public_address=f"00:00:5E:00:53:{0x80 + self.number:02X}/P",
        )
        self.radio.number = self.number
        RADIOS[self.number] = self.radio


RADIOS = {}
ANSWERS = {}
"""What advertisers say to who asks, by address."""
FLAGS = bytes([2, 1, 6])


def bthome(counter):
    """An AD structure of BTHome: a counter."""
    data = BTHOME + bytes([PLAIN_V2, COUNT_4_BYTES]) + struct.pack("<I", counter)
    return bytes([1 + len(data), 0x16]) + data


class Advertisers:
    """Each says a number, and each time the next."""

    def __init__(self, place):
        self.air = place

    def send(self, pdu):
        for controller in list(self.air.controllers):
            controller.on_ll_advertising_pdu(pdu)

    async def advertise(self, round, devices, times, interval_ms, gaps_ms, kind, asked):
        """`devices` advertisers, evenly spread over the interval, `times` intervals long; in each the advertiser says a
        number, and one more after each gap. Some more say theirs only to who asks. Returns how many numbers were said by the
        others."""
        pdu = {"plain": ll.AdvNonConnInd, "connectable": ll.AdvInd, "coded": CodedAdv}[kind]
        # As much more as only an extended advert can hold.
        rest = bytes([101, 0xFF, 0xFF, 0xFF]) + bytes(98) if kind == "coded" else b""
        loop, counters = asyncio.get_running_loop(), [0] * devices
        begin, bursts = loop.time(), set()
        addresses = [
            hci.Address(f"{COUNTING}:{round:02X}:{at >> 8:02X}:{at & 255:02X}", hci.Address.RANDOM_DEVICE_ADDRESS)
            for at in range(devices)
        ]
        questioned = [
            hci.Address(f"{ASKED}:00:00:{at + 1:02X}", hci.Address.RANDOM_DEVICE_ADDRESS) for at in range(asked)
        ]

        def say_number(at):
            counters[at] += 1
            self.send(pdu(advertiser_address=addresses[at], data=FLAGS + rest + bthome(counters[at])))

        async def burst(at):
            for gap_ms in gaps_ms:
                if gap_ms:
                    await asyncio.sleep(gap_ms / 1000)
                say_number(at)

        for address in questioned:
            ANSWERS[address] = bthome(1)
        for time in range(times):
            for address in questioned:
                self.send(ll.AdvInd(advertiser_address=address, data=FLAGS))
            for at in range(devices):
                due = begin + (time + at / devices) * interval_ms / 1000
                if (wait := due - loop.time()) > 0:
                    await asyncio.sleep(wait)
                say_number(at)
                if gaps_ms:
                    bursts.add(task := asyncio.create_task(burst(at)))
                    task.add_done_callback(bursts.discard)
        await asyncio.gather(*bursts)
        return sum(counters)


class Desk:
    """Who does what the lines say."""

    def __init__(self):
        self.air = GuestAir()
        self.sockets, self.advertisers = air.Sockets(self.air), Advertisers(self.air)
        self.murmuring = None

    async def socket(self):
        """A radio for a sensor."""
        return {"hci": await self.sockets.tcp()}

    async def advertise(self, **how):
        return {"said": await self.advertisers.advertise(**how)}

    async def murmur(self, **how):
        """Advertisers that nobody waits for, instead of those before."""
        if self.murmuring is not None:
            self.murmuring.cancel()
        self.murmuring = asyncio.create_task(self.advertisers.advertise(**how)) if how else None

    async def filter(self, radio, duplicates):
        RADIOS[radio].duplicates = duplicates

    async def extend(self, radio):
        RADIOS[radio].extend()

    async def hang(self, radio, on):
        """The controller answers nothing, as if its firmware had crashed."""
        RADIOS[radio].is_hanging = on

    async def deafen(self, radio, on):
        """The controller answers everything and hears nothing."""
        radio = RADIOS[radio]
        radio.on_advertising_pdu = (lambda pdu: None) if on else GuestRadio.on_advertising_pdu.__get__(radio)

    async def await_written(self, bytes, lose):
        """Waits until so many bytes were written to a sensor over one link, and loses that link, if it is to."""
        reached = asyncio.get_running_loop().create_future()
        self.air.limit = bytes, lose, reached
        await reached

    async def written(self):
        """How many bytes were written to sensors over each link since this was asked before."""
        links, self.air.written = [written for _, written in self.air.written], []
        return {"links": links}

    async def do(self, line):
        order = json.loads(line)
        number, what = order.pop("id"), order.pop("do")
        try:
            say(id=number, **(await getattr(self, what)(**order) or {}))
        except Exception as error:  # Whoever asked is to know, and the next one is to be served.
            say(id=number, error=f"{type(error).__name__}: {error}")


async def main(paths):
    loop, desk = asyncio.get_running_loop(), Desk()
    for number, path in enumerate(paths):
        await loop.create_unix_server(lambda number=number: GuestSocket(desk.air, number), path)
    stdin = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stdin), sys.stdin)
    say(event="ready")
    at_work = set()
    while line := await stdin.readline():
        at_work.add(task := asyncio.create_task(desk.do(line)))
        task.add_done_callback(at_work.discard)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
