// Command balances keeps the balances of accounts, exactly once, from a JetStream stream of transfers between them.
//
//	balances -fill N [-rate R] [flags]   makes the streams, and publishes N random transfers
//	balances [-end] [flags]              the pipeline: transfers -> debits and credits -> balances
//	balances -check [flags]              compares what the pipeline has written with the transfers
//
// A transfer debits one account and credits another, so the sum over all accounts is 0, always: money that appears or is lost would tell of a
// record that counted twice, or not at all. Run it in a cluster, pull plugs, and check.
//
// A message of the stream of transfers (-in, TRANSFERS) is JSON, {"from":"account-07","to":"account-42","cents":1999}, on the subject
// transfers.ACCOUNT of the account that pays. What can't be read so is reported and passed over. Each balance that a batch has changed is written, once the batch is
// committed, to the stream of balances (-out, BALANCES) as {"account":"account-07","cents":-1999} on balances.ACCOUNT; or, with
// -postgres, into the table balances, in the transaction that keeps how far it is.
//
// The check adds up the transfers anew and prints
//
//	transfers 10000, accounts 100: wrong 0, missing 0, unexpected 0, sum 0
//
// to standard output, and exits with 1 if any balance is not the one that follows from the transfers. Run it when the pipeline has nothing left
// to do: it takes both sides as they are when it begins.
//
// # Try it
//
//	gale nats --no-auth --data $(mktemp -d) &
//	export GALE_STATE=folder:$(mktemp -d)    # else the balances are gone when the pipeline ends
//	go run ./examples/trident/balances -fill 10000
//	go run ./examples/trident/balances -end
//	go run ./examples/trident/balances -check
//
// or, in a cluster of `gale dev`:
//
//	mine="-creds $HOME/.local/share/gale/dev/credentials/app.creds"
//	go run ./examples/trident/balances -fill 10000 $mine
//	gale submit ./examples/trident/balances -- $mine
//	gale state get balances balances account-07
//	go run ./examples/trident/balances -check $mine
//
// With Postgres give all three -postgres, such as postgres://user@host/database; what it leaves out, such as a password, comes from the
// environment (PGPASSWORD, PGPASSFILE), which is that of the workers in a cluster.
//
// The streams and the state belong together: the pipeline goes on where its state says it was, also when the streams were made anew meanwhile. So forget both, or none.
package main
