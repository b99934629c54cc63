package main

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"
)

// A node's namespaces: all that a reboot takes with it.
const namespaces = syscall.CLONE_NEWNET | syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC

// machine is what a node runs on. It has the disk, a tmpfs at args[0] in the mount namespace that it was started in, and
// starts the node, the program of the other arguments, in namespaces of its own. SIGHUP turns the power off and on again:
// every process of the node is killed, and it starts anew with the disk as it is.
func machine(args []string) {
	// The signal of a parent's death is that of the thread which started the child.
	runtime.LockOSThread()
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	if err := syscall.Mount("kuma-test-node", args[0], "tmpfs", 0, ""); err != nil {
		fatal("mount", args[0], err)
	}
	for {
		command := exec.Command("/proc/self/exe", append([]string{"init"}, args[1:]...)...)
		command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
		command.SysProcAttr = &syscall.SysProcAttr{Cloneflags: namespaces, Pdeathsig: syscall.SIGKILL}
		if err := command.Start(); err != nil {
			fatal("start", err)
		}
		ended := make(chan int)
		go func() {
			command.Wait()
			ended <- command.ProcessState.ExitCode()
		}()
		select {
		case code := <-ended:
			os.Exit(code)
		case <-hangups:
			// With the first process of a PID namespace the kernel ends all others, before it says that the first has ended.
			command.Process.Kill()
			<-ended
		}
	}
}

func fatal(words ...any) {
	fmt.Fprintln(os.Stderr, words...)
	os.Exit(1)
}
