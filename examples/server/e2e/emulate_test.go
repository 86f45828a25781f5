package e2e

import (
	"context"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// beforeThePage runs a script before the scripts of the page.
func beforeThePage(script string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: script})
		return err
	})
}

// media emulates media features of the user's system, given as pairs of name and value.
func media(features ...string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		var params emulation.SetEmulatedMediaParams
		for i := 0; i < len(features); i += 2 {
			params.Features = append(params.Features, &emulation.MediaFeature{Name: features[i], Value: features[i+1]})
		}
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, params)
		return err
	})
}

// answer answers the page's next request of path instead of the server.
func (w *window) answer(path string, status int64, body string) {
	w.t.Helper()
	call(w, fetch.Enable, fetch.EnableParams{Patterns: []*fetch.RequestPattern{{URLPattern: w.server.url + path}}})
	paused := chromedp.Events(w.ctx, fetch.RequestPaused)
	go func() {
		for event, err := range paused {
			if err != nil {
				return // the window is closed
			}
			chromedp.Call(w.ctx, fetch.FulfillRequest, fetch.FulfillRequestParams{RequestID: event.RequestID, ResponseCode: status, Body: []byte(body)})
			return
		}
	}()
}
