package cli

import (
	"io"
	"time"

	"github.com/urfave/cli/v2"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

func logFlags(level string) []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "log-level", Usage: "what is logged: debug, info, warn or error `LEVEL`", Value: level, EnvVars: []string{"GALE_LOG_LEVEL"}},
		&cli.StringFlag{Name: "log-format", Usage: "how it is logged: console or json `FORMAT`", Value: "console", EnvVars: []string{"GALE_LOG_FORMAT"}},
	}
}

// logger returns a logger as logFlags say, that writes to w.
func (i *invocation) logger(w io.Writer) (*zap.Logger, error) {
	level, err := zapcore.ParseLevel(i.String("log-level"))
	if err != nil {
		return nil, i.mistake("--log-level: %v", err)
	}
	encoding := zap.NewProductionEncoderConfig()
	encoding.EncodeTime = zapcore.TimeEncoderOfLayout(time.RFC3339)
	var encoder zapcore.Encoder
	switch format := i.String("log-format"); format {
	case "console":
		encoder = zapcore.NewConsoleEncoder(encoding)
	case "json":
		encoder = zapcore.NewJSONEncoder(encoding)
	default:
		return nil, i.mistake("--log-format %q must be console or json", format)
	}
	return zap.New(zapcore.NewCore(encoder, zapcore.Lock(zapcore.AddSync(w)), level)), nil
}
