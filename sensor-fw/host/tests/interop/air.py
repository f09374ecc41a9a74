"""Radio controllers of PyPI's bumble on one simulated air, as far as a sensor and its hub use them.

bumble's own controller sends no legacy advert that nobody can connect to, takes advertising intervals for milliseconds,
reports each advert twice (the second time as a scan response that nobody sent), and delivers data under an address that
a host may have changed since it connected. What differs here is only that.

    python air.py 2

opens two radios on one air, each for one program at a time that speaks HCI (H4) over TCP, and says where: one for
`sensor-sim`, one for whatever central one likes.
"""

import asyncio
import sys

from bumble import core, hci, ll
from bumble.controller import Controller, LegacyAdvertiser
from bumble.device import Device
from bumble.host import Host
from bumble.link import LocalLink
from bumble.transport.common import AsyncPipeSink, StreamPacketSink, StreamPacketSource

AdvertisingType = hci.HCI_LE_Set_Advertising_Parameters_Command.AdvertisingType
EventType = hci.HCI_LE_Advertising_Report_Event.EventType

INTERVAL_UNIT_S = 0.000625
"""Core 5.4, volume 4, part E, 7.8.5."""


class Advertiser(LegacyAdvertiser):
    """Sends both kinds of legacy adverts that a sensor uses, as often as it says."""

    def _on_timer_fired(self):
        self.send_advertising_data()
        interval_s = self.advertising_interval_min * INTERVAL_UNIT_S
        self.timer_handle = asyncio.get_running_loop().call_later(interval_s, self._on_timer_fired)

    def send_advertising_data(self):
        if not self.enabled:
            return
        kinds = {AdvertisingType.ADV_IND: ll.AdvInd, AdvertisingType.ADV_NONCONN_IND: ll.AdvNonConnInd}
        kind = kinds[AdvertisingType(self.advertising_type)]
        self.controller.send_advertising_pdu(kind(advertiser_address=self.address, data=self.advertising_data))


class Radio(Controller):
    """A controller without extended advertising, whose reports are those of a real one."""

    def __init__(self, name, air, **keywords):
        super().__init__(name, link=air, **keywords)
        self.le_legacy_advertiser = Advertiser(self)
        self.le_features &= ~(hci.LeFeatureMask.LL_PRIVACY | hci.LeFeatureMask.LE_EXTENDED_ADVERTISING)

    def on_ll_advertising_pdu(self, packet):
        if isinstance(packet, (ll.AdvInd, ll.AdvNonConnInd)):
            self.on_advertising_pdu(packet)
        else:
            super().on_ll_advertising_pdu(packet)

    def on_advertising_pdu(self, pdu):
        is_connectable = isinstance(pdu, ll.AdvInd)
        if self.le_scan_enable:
            report = hci.HCI_LE_Advertising_Report_Event.Report(
                event_type=EventType.ADV_IND if is_connectable else EventType.ADV_NONCONN_IND,
                address_type=pdu.advertiser_address.address_type,
                address=pdu.advertiser_address,
                data=pdu.data,
                rssi=-50,
            )
            self.send_hci_packet(hci.HCI_LE_Advertising_Report_Event([report]))
        pending = self.pending_le_connection
        is_awaited = pending is not None and pending.peer_address == pdu.advertiser_address
        # Who has stopped since does not listen any more.
        if is_connectable and is_awaited and self.link.listens(pdu.advertiser_address):
            self.create_le_connection(pdu.advertiser_address)


class Air(LocalLink):
    """What radios hear of each other."""

    def listens(self, address):
        advertisers = (controller.le_legacy_advertiser for controller in self.controllers)
        return any(advertiser.enabled and advertiser.address == address for advertiser in advertisers)

    def send_acl_data(self, sender_controller, destination_address, transport, data):
        connection = sender_controller.le_connections.get(destination_address)
        destination = self.find_le_controller(destination_address)
        if transport == core.PhysicalTransport.LE and connection is not None and destination is not None:
            source = connection.self_address
            asyncio.get_running_loop().call_soon(destination.on_link_acl_data, source, transport, data)

    def leave(self, radio):
        """A radio is gone, and whoever was connected with it notices."""
        if radio not in self.controllers:
            return
        radio.le_legacy_advertiser.stop()
        for connection in list(radio.le_connections.values()):
            peer = self.find_le_controller(connection.peer_address)
            if peer is not None and (other := peer.le_connections.get(connection.self_address)):
                peer.on_le_disconnected(other, hci.HCI_ErrorCode.CONNECTION_TIMEOUT_ERROR)
        self.remove_controller(radio)


class Socket(StreamPacketSource):
    """A radio for whoever connects to a socket, until he hangs up."""

    def __init__(self, air, number):
        super().__init__()
        self.air, self.number, self.radio, self.transport = air, number, None, None

    def connection_made(self, transport):
        self.transport = transport
        self.radio = Radio(
            f"S{self.number}",
            self.air,
            host_source=self,
            host_sink=StreamPacketSink(transport),
            public_address=f"00:00:5E:00:53:{self.number:02X}/P",
        )

    def connection_lost(self, _exc):
        self.air.leave(self.radio)


class Sockets:
    """Where sensors find their radios."""

    def __init__(self, air):
        self.air, self.sockets = air, []

    def _socket(self):
        self.sockets.append(Socket(self.air, len(self.sockets) + 1))
        return self.sockets[-1]

    async def unix(self, path):
        await asyncio.get_running_loop().create_unix_server(self._socket, path)
        return f"unix:{path}"

    async def tcp(self):
        server = await asyncio.get_running_loop().create_server(self._socket, "127.0.0.1", 0)
        return f"tcp:127.0.0.1:{server.sockets[0].getsockname()[1]}"

    def pull_out(self):
        """Takes the radio away from the sensor that came last."""
        self.sockets[-1].transport.close()


async def central(air):
    """A central of bumble's, listening."""
    radio = Radio("C", air, public_address="00:00:5E:00:53:F0/P")
    device = Device(name="central", address=hci.Address("F0:F1:F2:F3:F4:F5"), host=Host(radio, AsyncPipeSink(radio)))
    await device.power_on()
    await device.start_scanning(legacy=True, active=False)
    return device


async def main(count):
    sockets = Sockets(Air())
    for _ in range(count):
        print(await sockets.tcp(), flush=True)
    await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1))
