// What is done before Node's own last act.
//
// Node gives each of stdin, stdout and stderr that is a terminal back the settings that it found there, and aborts where
// the kernel refuses that (ResetStdio in src/node.cc). Of one that has hung up the kernel refuses everything, with EIO
// (drivers/tty/tty_io.c). A descriptor that leads elsewhere by then is left alone.
#pragma once

namespace sentry {

// Those that are terminals are /dev/null from now on, for each may hang up at any moment. Sentry has changed none of their
// settings, so there is nothing to give back.
void leave_terminal() noexcept;

}  // namespace sentry
