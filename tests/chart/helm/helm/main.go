// `helm template` alone, by the engine of Helm: renders a chart with values and prints its objects.
package main

import (
	"fmt"
	"os"
	"sort"
	"strings"

	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/cli/values"
	"helm.sh/helm/v3/pkg/engine"
	"helm.sh/helm/v3/pkg/getter"
)

// Usage: helm CHART NAMESPACE [SET…]
func main() {
	chart, err := loader.Load(os.Args[1])
	check(err)
	options := values.Options{Values: os.Args[3:]}
	given, err := options.MergeValues(getter.Providers{})
	check(err)
	release := chartutil.ReleaseOptions{Name: "kuma", Namespace: os.Args[2], IsInstall: true}
	rendered, err := chartutil.ToRenderValues(chart, given, release, nil)
	check(err)
	files, err := engine.Render(chart, rendered)
	check(err)
	names := []string{}
	for name := range files {
		if strings.HasSuffix(name, ".yaml") { // NOTES.txt is for people
			names = append(names, name)
		}
	}
	sort.Strings(names)
	for _, definition := range chart.CRDObjects() {
		fmt.Printf("---\n%s\n", definition.File.Data)
	}
	for _, name := range names {
		fmt.Printf("---\n%s\n", files[name])
	}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
