package guard

import "net/netip"

// AddressKey is the key of a client without a token: its IPv4 address, or for IPv6
// the /64 network of one subscriber. Headers of proxies are ignored, since any
// client can send them.
func AddressKey(remote string) string {
	at, err := netip.ParseAddrPort(remote)
	if err != nil {
		return "address unknown"
	}
	a := at.Addr().Unmap().WithZone("")
	if a.Is6() {
		if net, err := a.Prefix(64); err == nil {
			return "address " + net.String()
		}
	}
	return "address " + a.String()
}
