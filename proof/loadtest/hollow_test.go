package loadtest

import (
	"bufio"
	"net"
	"testing"
)

// hollow answers whatever it is asked with one fixed answer, at next to no cost, and
// returns its address.
func hollow(b *testing.B) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				for r := bufio.NewReader(c); ; {
					for {
						line, err := readLine(r)
						if err != nil {
							return
						}
						if len(line) == 0 {
							break
						}
					}
					if _, err := c.Write([]byte("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")); err != nil {
						return
					}
				}
			}()
		}
	}()
	return l.Addr().String()
}
