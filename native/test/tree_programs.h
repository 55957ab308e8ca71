// Programs that leave others behind, in the ways that are common, and what is to be seen of those: each holds the write end
// of one pipe, which ends when the last of them has.
#pragma once
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <string>

#include "contract.h"
#include "stranger.h"

namespace contract {

// What a run has started, however it hides.
class Witness {
 public:
  // The child gets it as descriptor 3.
  Request given_to(Request request) {
    request.pass = {pipe_.to.get()};
    return request;
  }
  // A line that one of them has written to descriptor 3.
  std::string line() {
    std::string text;
    for (char byte; read(pipe_.from.get(), &byte, 1) == 1 && byte != '\n';) text += byte;
    return text;
  }
  int number() { return std::atoi(line().c_str()); }
  // None of them is left. After it was given to all who get it.
  bool is_over() {
    pipe_.to.reset();
    pollfd end{pipe_.from.get(), POLLIN, 0};
    return poll(&end, 1, 0) > 0 && (end.revents & POLLHUP) && !(end.revents & POLLIN);
  }
  bool await_over() {
    return until([this] { return is_over(); });
  }

 private:
  stranger::Pipe pipe_;
};

// A daemon of the old school: two forks, a session of its own, no environment. It says its pid when it is there, and goes on
// with the script.
inline std::string daemon_of(const std::string& script) {
  return "(env -i setsid sh -c 'echo $$ >&3; " + script + "' &) ; ";
}

// As the core does it: the process, what it has left behind, the zombie. Whether nothing is left.
inline bool clear(Pair& pair, RunId run, int signal) {
  pair.end(run, signal);
  const auto exit = pair.facts.await<ExitFact>(run);
  if (exit && !exit->alone) {
    pair.end(run, signal);
    if (!pair.facts.await<ClearedFact>(run)) return false;
  }
  pair.reap(run);
  return exit.has_value();
}

}  // namespace contract
