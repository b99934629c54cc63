package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"time"
)

// app serves on 8080 in both families and says whom it saw.
func app([]string) {
	host, _ := os.Hostname()
	http.HandleFunc("/healthz", func(w http.ResponseWriter, r *http.Request) {
		fmt.Printf("probe %s from %s\n", r.URL, r.RemoteAddr)
		fmt.Fprintln(w, "ok")
	})
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "app %s saw %s from %s\n", host, r.URL, r.RemoteAddr)
	})
	go func() { log.Fatal(http.ListenAndServe(":8080", nil)) }()
	fmt.Println("app listens on 8080")
	untilTerm()
}

// get asks a URL with a new connection and prints status and answer; it fails where there is none.
func get(args []string) {
	client := http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext:       (&net.Dialer{Timeout: 3 * time.Second}).DialContext,
	}}
	response, err := client.Get(args[0])
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
	defer response.Body.Close()
	fmt.Println(response.Status)
	io.Copy(os.Stdout, response.Body)
}
