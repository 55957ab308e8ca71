// From one image of this process to the next: same pid, same children, and whatever descriptors are named. The state goes
// over as text in a memfd, whose number the next image finds among its arguments.
//
// What exec keeps is what makes this possible: open descriptors without CLOEXEC, flock(2) locks, zombies, blocked
// signals and those that wait because of it, ignored signals, resource limits. What it ends: all other threads, the
// memory, handlers of signals. execve(2).
//
// The five signals that Sentry takes are blocked on this thread, which is the one that lives on, and wait for the next
// image. Node would unblock them much too early: preload.c keeps it from that. One gap is left, in the first image only: a
// signal that another thread has just taken, and that its handler has not yet written down when exec ends that thread, is
// lost. It is some microseconds long. The threads that Node starts in an image that was exec'd are born with these signals blocked.
//
// Of what Node has changed in this process, nothing needs to be put back for the next Node: it sets SIGPIPE and SIGXFSZ,
// its mask and CLOEXEC of 0, 1 and 2 by itself again. Nor for children: a spawner gives them defaults. The soft limit of
// open files stays raised, as more may be open than it was before; what children start with goes over as a number.
#pragma once
#include <string>
#include <vector>

#include "fault.h"
#include "fd.h"

namespace sentry {

void set_close_on_exec(int fd, bool close) noexcept;

struct NextImage {
  std::string program;            // a path
  std::vector<std::string> argv;  // with argv[0]
  std::vector<int> descriptors;   // go along, as 0, 1 and 2 do
  std::string preload;            // the file of the next image's addon, with preload.c; empty: none is needed
};

// Comes back only where it fails; then everything is as it was before.
Fault exec_next(const NextImage& next);

}  // namespace sentry
