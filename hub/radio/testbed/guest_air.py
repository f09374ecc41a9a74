"""The air of the test bed: radios for the guest, radios for sensors, and advertisers that only count.

The controllers are those of `sensor-fw/host/tests/interop/air.py` (PyPI's bumble), which has to be on Python's path. A
guest's radio differs: Linux is a stricter host than a sensor's, so it filters duplicates as it is told to, forgets
what it did when it is reset, and says when it begins and stops to listen.

    python guest_air.py RADIO_SOCKET…

Each line on stdin is one thing to do, as JSON with an `id`; its answer, with the same `id`, and everything that happens by
itself are lines on stdout. It ends when stdin does.
"""

import asyncio
import json
import struct
import sys

from bumble import hci, ll

import air

COUNTING = "C0:FF:EE"
BTHOME = bytes([0xD2, 0xFC])
ACTIVE = 1
"""The type of scanning that asks for more."""
PLAIN_V2, COUNT_4_BYTES = 0x40, 0x3E


def say(**what):
    print(json.dumps(what), flush=True)


class GuestRadio(air.Radio):
    """A controller for Linux."""

    number = 0
    duplicates = "none"
    """By what it knows a duplicate when it is told to filter them: `none`, `data` (address and data) or `address`."""
    is_hanging = False

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

    def on_hci_le_set_scan_enable_command(self, command):
        answer = super().on_hci_le_set_scan_enable_command(command)
        self.listen(self.le_scan_enable)
        return answer

    def listen(self, is_listening):
        self.le_scan_enable = is_listening
        self.seen.clear()
        say(event="listening", radio=self.number, on=is_listening, active=self.le_scan_type == ACTIVE)

    def on_advertising_pdu(self, pdu):
        if self.is_hanging:
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
        data = next((advertiser.scan_response_data for advertiser in advertisers if advertiser.address == address), b"")
        report = hci.HCI_LE_Advertising_Report_Event.Report(
            event_type=air.EventType.SCAN_RSP, address_type=address.address_type, address=address, data=data, rssi=-50)
        self.send_hci_packet(hci.HCI_LE_Advertising_Report_Event([report]))


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


class Advertisers:
    """Each says a number, and each time the next."""

    def __init__(self, place):
        self.air = place

    async def advertise(self, round, devices, times, interval_ms, gaps_ms, connectable):
        """`devices` advertisers, evenly spread over the interval, `times` intervals long; in each the advertiser says a
        number, and one more after each gap. Returns how many numbers were said."""
        kind = ll.AdvInd if connectable else ll.AdvNonConnInd
        loop, counters = asyncio.get_running_loop(), [0] * devices
        begin, bursts = loop.time(), set()
        addresses = [
            hci.Address(f"{COUNTING}:{round:02X}:{at >> 8:02X}:{at & 255:02X}", hci.Address.RANDOM_DEVICE_ADDRESS)
            for at in range(devices)
        ]

        def say_number(at):
            counters[at] += 1
            data = bytes([PLAIN_V2, COUNT_4_BYTES]) + struct.pack("<I", counters[at])
            service_data = bytes([3 + len(data), 0x16]) + BTHOME + data
            pdu = kind(advertiser_address=addresses[at], data=bytes([2, 1, 6]) + service_data)
            for controller in list(self.air.controllers):
                controller.on_ll_advertising_pdu(pdu)

        async def burst(at):
            for gap_ms in gaps_ms:
                if gap_ms:
                    await asyncio.sleep(gap_ms / 1000)
                say_number(at)

        for time in range(times):
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
        self.air = air.Air()
        self.sockets, self.advertisers = air.Sockets(self.air), Advertisers(self.air)

    async def socket(self):
        """A radio for a sensor."""
        return {"hci": await self.sockets.tcp()}

    async def advertise(self, **how):
        return {"said": await self.advertisers.advertise(**how)}

    async def filter(self, radio, duplicates):
        RADIOS[radio].duplicates = duplicates

    async def hang(self, radio, on):
        """The controller answers nothing, as if its firmware had crashed."""
        RADIOS[radio].is_hanging = on

    async def deafen(self, radio, on):
        """The controller answers everything and hears nothing."""
        radio = RADIOS[radio]
        radio.on_advertising_pdu = (lambda pdu: None) if on else GuestRadio.on_advertising_pdu.__get__(radio)

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
