package main

import (
	"os"
	"os/exec"
	"os/signal"
	"syscall"
)

// initProcess is process 1 of the node's PID namespace: it starts one program, reaps what is left behind by all
// others (shims, containers), and ends when the program does. The kernel then ends everything else.
func initProcess(args []string) {
	// What is mounted here stays here, and /proc shows this namespace's processes.
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		fatal("mount /", err)
	}
	if err := syscall.Mount("proc", "/proc", "proc", syscall.MS_NOSUID|syscall.MS_NODEV|syscall.MS_NOEXEC, ""); err != nil {
		fatal("mount /proc", err)
	}
	command := exec.Command(args[0], args[1:]...)
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := command.Start(); err != nil {
		fatal(err)
	}
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, 0, nil)
		if err == syscall.EINTR {
			continue
		}
		if err != nil || pid == command.Process.Pid {
			os.Exit(status.ExitStatus())
		}
	}
}

func untilTerm() {
	ends := make(chan os.Signal, 1)
	signal.Notify(ends, syscall.SIGTERM, syscall.SIGINT)
	<-ends
}
