package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// forward makes a loopback port of another network namespace (the machine's own, where the tests' API
// server listens) reachable at the same address in the node's namespace, without a link between them.
// It listens here and connects there; the listener lives as long as this program.
func forward(port uint16, netns string) error {
	there, err := os.Open(netns)
	if err != nil {
		return err
	}
	address := fmt.Sprintf("127.0.0.1:%d", port)
	listener, err := net.Listen("tcp", address)
	if err != nil {
		there.Close()
		return err
	}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				fmt.Fprintln(os.Stderr, "cannot accept:", err)
				return
			}
			go relay(conn.(*net.TCPConn), there, address)
		}
	}()
	return nil
}

// relay copies both ways until both sides have ended. Where nobody listens over there, the caller sees
// its connection reset.
func relay(near *net.TCPConn, there *os.File, address string) {
	defer near.Close()
	far, err := dialIn(there, address)
	if err != nil {
		near.SetLinger(0)
		return
	}
	defer far.Close()
	done := make(chan struct{})
	go func() {
		io.Copy(far, near)
		far.CloseWrite()
		close(done)
	}()
	io.Copy(near, far)
	near.CloseWrite()
	<-done
}

// dialIn opens a connection from another network namespace. A socket belongs to the namespace of the
// thread that creates it; that thread is never used again, since it ends locked.
func dialIn(netns *os.File, address string) (*net.TCPConn, error) {
	type outcome struct {
		conn net.Conn
		err  error
	}
	result := make(chan outcome)
	go func() {
		runtime.LockOSThread()
		if err := unix.Setns(int(netns.Fd()), unix.CLONE_NEWNET); err != nil {
			result <- outcome{nil, err}
			return
		}
		conn, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", address)
		result <- outcome{conn, err}
	}()
	got := <-result
	if got.err != nil {
		return nil, got.err
	}
	return got.conn.(*net.TCPConn), nil
}
