package providers_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// serviceAccount is the folder on the page, and the folder that the program reads instead, below
// its working directory.
const serviceAccount, ownServiceAccount = "/var/run/secrets/kubernetes.io/serviceaccount", "serviceaccount"

// build compiles the blocks, each as a package of its own, to one program in dir. An overlay makes
// them packages of this module, so that they import the sources of the repository, and the build
// cache has them when the page has not changed.
func build(t *testing.T, blocks map[string]string, dir string) (program string) {
	t.Helper()
	const path = "github.com/jwtexp/jwtexp/jwks/internal/providers/program"
	main, err := os.ReadFile(filepath.Join("testdata", "main.go"))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{"main.go": string(main)}
	var imports, fill strings.Builder
	for i, heading := range slices.Sorted(maps.Keys(blocks)) {
		name := fmt.Sprintf("block%d", i)
		field, export := "newVerifier", verifierExport
		if a, ok := assertions[heading]; ok {
			field, export = "newAssertion", fmt.Sprintf(assertionExport, a.arguments)
		}
		files[name+"/page.go"] = strings.Replace(blocks[heading], serviceAccount, ownServiceAccount, 1)
		files[name+"/export.go"] = export
		fmt.Fprintf(&imports, "import %s %q\n", name, path+"/"+name)
		fmt.Fprintf(&fill, "\t%s[%q] = %s.New\n", field, heading, name)
	}
	files["blocks.go"] = fmt.Sprintf("package main\n\n%s\nfunc init() {\n%s}\n", imports.String(), fill.String())

	overlay := make(map[string]string)
	for name, text := range files {
		written := filepath.Join(dir, "source", name)
		write(t, written, text)
		overlay[filepath.Join("program", name)] = written
	}
	write(t, filepath.Join(dir, "overlay.json"), toJSON(object{"Replace": overlay}))

	program = filepath.Join(dir, "program")
	if runtime.GOOS == "windows" {
		program += ".exe"
	}
	cmd := exec.Command("go", "build", "-overlay", filepath.Join(dir, "overlay.json"), "-ldflags=-w", "-o", program, path)
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, output)
	}
	return program
}

const verifierExport = `package api

import "github.com/jwtexp/jwtexp"

func New() (jwtexp.TokenVerifier, error) { return newVerifier() }
`

const assertionExport = `package api

import "context"

func New(ctx context.Context, key, certificate []byte) (string, error) {
	return newAssertion(%s)
}
`

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// A process is the running program. It ends with the test.
type process struct {
	in  *json.Encoder
	out *json.Decoder
}

type (
	request struct {
		Heading, Token   string
		Key, Certificate []byte
	}
	response struct{ Verdict, Reason, Text, Assertion string }
)

// start starts the program in dir, with a proxy in its environment, and waits until it is ready.
func start(t *testing.T, program, dir, proxy string) *process {
	t.Helper()
	cmd := exec.Command(program)
	cmd.Dir = dir
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		if !strings.HasSuffix(strings.ToLower(name), "_proxy") && name != "REQUEST_METHOD" {
			cmd.Env = append(cmd.Env, variable)
		}
	}
	cmd.Env = append(cmd.Env, "HTTPS_PROXY="+proxy, "HTTP_PROXY="+proxy)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		io.Copy(io.Discard, out)
		if err := cmd.Wait(); err != nil {
			t.Errorf("the program ended with %v:\n%s", err, &stderr)
		}
	})
	reader := bufio.NewReader(out)
	if line, err := reader.ReadString('\n'); line != "ready\n" {
		t.Fatalf("the program printed %q, %v; want \"ready\"", line, err)
	}
	return &process{json.NewEncoder(in), json.NewDecoder(reader)}
}

func (p *process) ask(t *testing.T, r request) response {
	t.Helper()
	var answer response
	if err := p.in.Encode(r); err != nil {
		t.Fatal(err)
	}
	if err := p.out.Decode(&answer); err != nil {
		t.Fatal(err)
	}
	return answer
}
