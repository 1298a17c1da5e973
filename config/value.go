package config

import (
	"encoding"
	"errors"
	"math"
	"reflect"
	"strconv"
	"time"
)

// parse sets v, which must be settable and a scalar, to what the text says. Its errors
// are to be shown only for a type that reads text by itself; otherwise field.expects says more.
func parse(v reflect.Value, text string) error {
	if v.Type() == durationType {
		d, err := time.ParseDuration(text)
		v.SetInt(int64(d))
		return err
	}
	if r, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		return r.UnmarshalText([]byte(text))
	}
	switch {
	case v.Kind() == reflect.String:
		v.SetString(text)
		return nil
	case v.Kind() == reflect.Bool:
		v.SetBool(text == "true")
		return orElse(text == "true" || text == "false", "neither true nor false")
	case v.CanInt():
		n, err := strconv.ParseInt(text, 10, v.Type().Bits())
		v.SetInt(n)
		return err
	case v.CanUint():
		n, err := strconv.ParseUint(text, 10, v.Type().Bits())
		v.SetUint(n)
		return err
	}
	return parseFloat(v, text)
}

func parseFloat(v reflect.Value, text string) error {
	x, err := strconv.ParseFloat(text, v.Type().Bits())
	if err != nil {
		return err
	}
	v.SetFloat(x)
	return orElse(!math.IsNaN(x) && !math.IsInf(x, 0), "not finite")
}

func orElse(ok bool, otherwise string) error {
	if ok {
		return nil
	}
	return errors.New(otherwise)
}

// assign sets v to what the text says, and returns what is wrong with it, "" when
// nothing is. shown is the text as it is to be shown.
func assign(v reflect.Value, f field, text, shown string) string {
	err := parse(v, text)
	switch {
	case err != nil && f.typ == secretType:
		return "can't be used: " + err.Error()
	case err != nil && f.readsText() && f.typ != durationType:
		return "is " + shown + ": " + err.Error()
	case err != nil, !f.bounds.admit(v):
		return "is " + shown + ", must be " + f.expects() + didYouMean(text, f.bounds.oneOf)
	}
	return ""
}
