// Package deploy holds what it takes to run Gale as a service: unit files for systemd, an image and a compose file for Docker. The
// README says how to use them.
//
// It has no code but its tests: they run the commands of the units and of the compose file as processes, and check that what the
// README promises of their hardening is in them. Images are not built.
package deploy
