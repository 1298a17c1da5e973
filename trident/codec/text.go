package codec

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
)

// ParseKey reads a key that a person has written: a string as it is, all else as JSON, or as its UnmarshalText takes it. What is left out
// of a struct is its zero value; fields that it has not are an error.
func ParseKey[K comparable](text string) (k K, err error) {
	err = parseKey(text, reflect.ValueOf(&k))
	return k, err
}

// parseKey parses into what k points to.
func parseKey(text string, k reflect.Value) (err error) {
	t := k.Type().Elem()
	if t.Kind() == reflect.String && !selfMade(t) {
		k.Elem().SetString(text)
		return nil
	}
	if u, ok := k.Interface().(encoding.TextUnmarshaler); ok && !strings.HasPrefix(text, `"`) {
		err = u.UnmarshalText([]byte(text))
	} else {
		err = parse(text, k.Interface())
	}
	if err != nil {
		return fmt.Errorf("%.80q is no key of type %v: %w", text, t, err)
	}
	return nil
}

func parse(text string, x any) error {
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(x); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows it")
	}
	return nil
}

// Text is a value as JSON, in one line; one that JSON has no words for (NaN) as fmt prints it.
func Text(x any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(x) != nil {
		return fmt.Sprintf("%+v", x)
	}
	return strings.TrimSuffix(b.String(), "\n")
}
