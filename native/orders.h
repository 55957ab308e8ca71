// What the pump is asked to do: one queue for all threads, so that things are done in the order in which they came. An
// eventfd is readable while there is something in it. Nobody waits here: the queue has no bound, as what comes in is a
// few orders per start and exit, and what prints without end goes through pipes.
#pragma once
#include <sys/eventfd.h>

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "fact.h"
#include "fd.h"
#include "intake.h"
#include "sink.h"
#include "tail.h"

namespace sentry {

struct Opening {
  int number;
  Sink sink;
  int echo = 0;  // the sink of a terminal that shows the same lines; 0: none
};

// From now on this sink is opened like that; after what it owes, if that is taken.
struct Reopening { int number; Sink sink; };

// A sink that leads to another one, and what goes through it is kept in a tail too.
struct Tailing { int number; int to; Tail tail; };

// One of its rotated files has been compressed.
struct Packing { int number; Fd original; std::string packed; };

// What a sink had still to take when an earlier image of this process ended, of lines that it has a part of, or all that it
// was to show of a file: it goes before anything else. Any bytes.
struct Owing { int sink; std::string text; };

// A line of the transcript.
struct Line {
  int sink = 0;
  int64_t wall_us = 0;               // the time that a label shows
  std::optional<std::string> label;  // none: the text alone
  std::string colour;
  std::string text;                  // without its newline
  RunId opens = 0;                   // from this line on, this run's output is read; 0: no run's
  RunId closes = 0;                  // all that this run has printed so far comes first; 0: no run's
};

// The lines that were told of this pipe have been looked at.
struct Seeing { RunId run; int stream; };
// No lines of this run are told any more.
struct Hushing { RunId run; };

struct Flushing { int64_t token; };
struct Holding {};  // a new keeper is to hold all pipes
struct Ending {};

using Order =
    std::variant<Opening, Reopening, Packing, Tailing, Intake, Owing, Line, Seeing, Hushing, Flushing, Holding, Ending>;

class Orders {
 public:
  Orders() noexcept : wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  int descriptor() const noexcept { return wake_.get(); }

  void put(Order order) {
    const std::lock_guard lock(mutex_);
    orders_.push_back(std::move(order));
    if (orders_.size() == 1) eventfd_write(wake_.get(), 1);
  }

  std::vector<Order> take() {
    const std::lock_guard lock(mutex_);
    eventfd_t count;
    if (!orders_.empty()) eventfd_read(wake_.get(), &count);
    return std::exchange(orders_, {});
  }

 private:
  std::mutex mutex_;
  std::vector<Order> orders_;
  Fd wake_;
};

}  // namespace sentry
