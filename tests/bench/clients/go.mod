module kuma-node/tests/bench/clients

go 1.21
