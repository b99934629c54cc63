package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/containernetworking/cni/libcni"
	"github.com/containernetworking/cni/pkg/invoke"
	"github.com/containernetworking/cni/pkg/types"
)

// request is one call of a container runtime. Every call names the configuration directory and the
// network anew, since runtimes reload them too.
type request struct {
	ID             int                    `json:"id"`
	Command        string                 `json:"command"` // add, del, check, status, gc or forward
	ConfDir        string                 `json:"confDir"`
	Network        string                 `json:"network"`
	BinDirs        []string               `json:"binDirs"`
	CacheDir       string                 `json:"cacheDir"`
	ContainerID    string                 `json:"containerID"`
	NetNS          string                 `json:"netns"`
	IfName         string                 `json:"ifName"`
	Args           [][2]string            `json:"args"`
	CapabilityArgs map[string]interface{} `json:"capabilityArgs"`
	Valid          []types.GCAttachment   `json:"validAttachments"` // gc: what lives on
	Port           uint16                 `json:"port"`             // forward: NetNS's loopback port
}

// response says how the call ended. Code is 0 on success, the CNI error code where a plugin gave
// one, and 999 for a failure of libcni itself.
type response struct {
	ID     int             `json:"id"`
	Code   uint            `json:"code"`
	Error  string          `json:"error,omitempty"`
	Result json.RawMessage `json:"result,omitempty"`
	Stderr string          `json:"stderr,omitempty"`
	Runs   []run           `json:"runs"`
}

func serve(ctx context.Context, req *request) *response {
	var stderr bytes.Buffer
	rec := &recorder{RawExec: invoke.RawExec{Stderr: &stderr}}
	answer := &response{ID: req.ID}
	result, err := call(ctx, req, rec)
	answer.Stderr = stderr.String()
	answer.Runs = rec.runs
	if err != nil {
		answer.Error = err.Error()
		answer.Code = 999
		var cniErr *types.Error
		if errors.As(err, &cniErr) && cniErr.Code != 0 {
			answer.Code = cniErr.Code
		}
		return answer
	}
	if result != nil {
		if answer.Result, err = json.Marshal(result); err != nil {
			answer.Code, answer.Error = 999, err.Error()
		}
	}
	return answer
}

func call(ctx context.Context, req *request, rec *recorder) (types.Result, error) {
	if req.Command == "forward" {
		return nil, forward(req.Port, req.NetNS)
	}
	list, err := libcni.LoadNetworkConf(req.ConfDir, req.Network)
	if err != nil {
		return nil, err
	}
	cni := libcni.NewCNIConfigWithCacheDir(req.BinDirs, req.CacheDir, rec)
	rt := &libcni.RuntimeConf{
		ContainerID:    req.ContainerID,
		NetNS:          req.NetNS,
		IfName:         req.IfName,
		Args:           req.Args,
		CapabilityArgs: req.CapabilityArgs,
	}
	switch req.Command {
	case "add":
		return cni.AddNetworkList(ctx, list, rt)
	case "check":
		return nil, cni.CheckNetworkList(ctx, list, rt)
	case "del":
		return nil, cni.DelNetworkList(ctx, list, rt)
	case "status":
		return nil, cni.GetStatusNetworkList(ctx, list)
	case "gc":
		return nil, cni.GCNetworkList(ctx, list, &libcni.GCArgs{ValidAttachments: req.Valid})
	}
	return nil, fmt.Errorf("unknown command %q", req.Command)
}
