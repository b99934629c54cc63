// The container runtime of tests/chain: libcni, as containerd and CRI-O use it.
module chain-test-runtime

go 1.24.0

require github.com/containernetworking/cni v1.3.0

require golang.org/x/sys v0.23.0
