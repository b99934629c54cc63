// A program for the test of buildOnce.
package main

import "fmt"

var greeting = "unset"

func main() { fmt.Println(greeting) }
