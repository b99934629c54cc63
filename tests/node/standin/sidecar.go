package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"time"
	"unsafe"
)

// sidecar stands in for kuma-dp and its Envoy: outbound and inbound listeners that forward to the original
// destination, the admin port's /ready, and the proxy of rewritten probes.
func sidecar(args []string) {
	fmt.Printf("stand-in sidecar, uid %d, arguments %q\n", os.Getuid(), args)
	relay(15001, "outbound", nil)
	// As Envoy's inbound passthrough: from 127.0.0.6 or ::6, which the rules let through.
	relay(15006, "inbound", map[bool]net.IP{true: net.IPv4(127, 0, 0, 6), false: net.ParseIP("::6")})
	ready := http.NewServeMux()
	ready.HandleFunc("/ready", func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, "LIVE") })
	for _, port := range []string{":9901", ":9902"} {
		go func() { log.Fatal(http.ListenAndServe(port, ready)) }()
	}
	for _, port := range []string{":9000", ":9001"} {
		go func() { log.Fatal(http.ListenAndServe(port, http.HandlerFunc(probe))) }()
	}
	untilTerm()
}

func relay(port int, name string, sources map[bool]net.IP) {
	listener, err := net.Listen("tcp", fmt.Sprintf(":%d", port))
	if err != nil {
		log.Fatal(err)
	}
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				log.Fatal(err)
			}
			go forward(connection.(*net.TCPConn), name, sources)
		}
	}()
}

func forward(near *net.TCPConn, name string, sources map[bool]net.IP) {
	defer near.Close()
	to, err := original(near)
	if err != nil {
		fmt.Printf("%s from %s: no original destination: %v\n", name, near.RemoteAddr(), err)
		return
	}
	fmt.Printf("%s from %s to %s\n", name, near.RemoteAddr(), to)
	dialer := net.Dialer{Timeout: 3 * time.Second}
	if source := sources[to.IP.To4() != nil]; source != nil {
		dialer.LocalAddr = &net.TCPAddr{IP: source}
	}
	far, err := dialer.Dial("tcp", to.String())
	if err != nil {
		fmt.Printf("%s: %v\n", name, err)
		return
	}
	defer far.Close()
	go func() { io.Copy(far, near); far.(*net.TCPConn).CloseWrite() }()
	io.Copy(near, far)
}

// original asks for SO_ORIGINAL_DST (ip(7); linux/netfilter_ipv4.h), 80 in both families.
func original(connection *net.TCPConn) (*net.TCPAddr, error) {
	raw, err := connection.SyscallConn()
	if err != nil {
		return nil, err
	}
	v4 := connection.LocalAddr().(*net.TCPAddr).IP.To4() != nil
	var buffer [28]byte
	size := uint32(len(buffer))
	level := uintptr(syscall.IPPROTO_IPV6)
	if v4 {
		level = syscall.IPPROTO_IP
	}
	var errno syscall.Errno
	raw.Control(func(fd uintptr) {
		_, _, errno = syscall.Syscall6(syscall.SYS_GETSOCKOPT, fd, level, 80,
			uintptr(unsafe.Pointer(&buffer[0])), uintptr(unsafe.Pointer(&size)), 0)
	})
	if errno != 0 {
		return nil, errno
	}
	ip := net.IP(buffer[4:8])
	if !v4 {
		ip = net.IP(buffer[8:24])
	}
	return &net.TCPAddr{IP: append(net.IP{}, ip...), Port: int(buffer[2])<<8 | int(buffer[3])}, nil
}

// probe is kuma-dp's proxy of application probes: /<port>/<path>, or /tcp/<port>.
func probe(w http.ResponseWriter, r *http.Request) {
	port, path, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	fmt.Printf("probe proxy: %s\n", r.URL)
	if port == "tcp" {
		connection, err := net.DialTimeout("tcp", "127.0.0.1:"+path, time.Second)
		if err != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		connection.Close()
		return
	}
	response, err := http.Get("http://127.0.0.1:" + port + "/" + path)
	if err != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	defer response.Body.Close()
	w.WriteHeader(response.StatusCode)
	io.Copy(w, response.Body)
}
