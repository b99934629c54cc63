// Clients of an admission server, as many at once as asked for, each with its next request as soon as it
// has its answer: in Go, as API servers are. A load generator in the runtime of the server under test
// would measure its own pauses, too: its slowest hundredth took twice as long against the same server.
//
//	clients URL CA_FILE BODY_FILE CLIENTS SECONDS   prints one line of JSON, times in milliseconds
//	clients serve CERTIFICATE KEY ANSWER_FILE       serves that answer: what Go's own server makes of the same
package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sort"
	"strconv"
	"sync"
	"time"
)

// The first requests are not counted: handshakes, and code that is not warm.
const warmUp = 2 * time.Second

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 4 && args[0] == "serve" {
		return serve(args[1], args[2], args[3])
	}
	if len(args) != 5 {
		return fmt.Errorf("usage: clients URL CA_FILE BODY_FILE CLIENTS SECONDS")
	}
	ca, err := os.ReadFile(args[1])
	if err != nil {
		return err
	}
	body, err := os.ReadFile(args[2])
	if err != nil {
		return err
	}
	clients, err := strconv.Atoi(args[3])
	if err != nil {
		return err
	}
	seconds, err := strconv.Atoi(args[4])
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	return load(args[0], roots, body, clients, time.Duration(seconds)*time.Second)
}

func load(url string, roots *x509.CertPool, body []byte, clients int, lasting time.Duration) error {
	counted := time.Now().Add(warmUp)
	end := counted.Add(lasting)
	times := make([][]float64, clients)
	failures := make([]error, clients)
	var all sync.WaitGroup
	for at := range times {
		all.Add(1)
		go func(at int) {
			defer all.Done()
			// Without HTTP/2, and each with a connection of its own.
			client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
			for {
				started := time.Now()
				if started.After(end) {
					return
				}
				if failures[at] = post(client, url, body); failures[at] != nil {
					return
				}
				if started.After(counted) {
					times[at] = append(times[at], float64(time.Since(started).Microseconds())/1000)
				}
			}
		}(at)
	}
	all.Wait()
	var ms []float64
	for at, some := range times {
		if failures[at] != nil {
			return failures[at]
		}
		ms = append(ms, some...)
	}
	if len(ms) == 0 {
		return fmt.Errorf("nothing was answered")
	}
	sort.Float64s(ms)
	share := func(part float64) float64 { return ms[int(part*float64(len(ms)-1))] }
	return json.NewEncoder(os.Stdout).Encode(map[string]float64{
		"requests":  float64(len(ms)),
		"perSecond": float64(len(ms)) / lasting.Seconds(),
		"p50":       share(0.5),
		"p99":       share(0.99),
		"max":       share(1),
	})
}

func post(client *http.Client, url string, body []byte) error {
	answer, err := client.Post(url, "application/json", bytes.NewReader(body))
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("status %d: %.200s", answer.StatusCode, text)
	}
	return err
}

func serve(certificate, key, answerFile string) error {
	answer, err := os.ReadFile(answerFile)
	if err != nil {
		return err
	}
	pair, err := tls.LoadX509KeyPair(certificate, key)
	if err != nil {
		return err
	}
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(plain.Addr().(*net.TCPAddr).Port)
	config := &tls.Config{Certificates: []tls.Certificate{pair}, NextProtos: []string{"http/1.1"}}
	return http.Serve(tls.NewListener(plain, config), http.HandlerFunc(
		func(writer http.ResponseWriter, request *http.Request) {
			var review any
			if json.NewDecoder(request.Body).Decode(&review) != nil {
				http.Error(writer, "no JSON", http.StatusBadRequest)
				return
			}
			writer.Header().Set("content-type", "application/json")
			_, _ = writer.Write(answer)
		},
	))
}
