// The output thread: what processes print, and the transcript's own lines, go to terminals and files through it, and
// nothing else writes there. Any thread may call these; no call waits, and all are done in the order of the calls.
//
//   orders ──► one thread ──► sinks
//   pipes  ──►
//
// A run's pipes are held from adopt() on, and read from the line that `opens` it, so that "Started" comes before its
// first line. A line that `closes` it is written after all that the run's pipes held at that moment: not after their
// end, which a grandchild that lives on can put off for ever. What such a one prints later still gets the label.
//
// See orders.h (what can be asked), source.h (how bytes get from a pipe to a sink without being lost), sink.h (why nobody
// is waited for) and output.h (the thread's loop).
#pragma once
#include <atomic>
#include <optional>
#include <string>
#include <thread>
#include <variant>

#include "fact.h"
#include "fault.h"
#include "fd.h"
#include "orders.h"
#include "output.h"

namespace sentry {

class Pump {
 public:
  // Starts the thread, with all signals blocked. Where the machine refuses what it needs, fault() says so and the pump
  // does nothing.
  explicit Pump(Post post);
  // Does what was asked for so far, as far as the sinks take it at once, and ends the thread. Nobody is waited for. What
  // is left in the pipes is not read: it lives on in the kernel where somebody else holds their read ends, and is lost
  // where nobody does; who prints then gets SIGPIPE. What was dropped and not yet told is posted as lost; a flush that
  // was not done yet is posted as done.
  ~Pump();
  Pump(const Pump&) = delete;
  Pump& operator=(const Pump&) = delete;

  const std::optional<Fault>& fault() const noexcept { return output_.fault(); }

  // Both give the number of a new sink. The descriptor itself is not kept, and may be closed.
  int open_terminal(int fd);
  std::variant<int, Fault> open_file(const std::string& path, bool raw);

  void adopt(RunId run, Fd out, Fd err, int out_sink, int err_sink, std::string label, std::string colour);
  void say(Line line);
  // Answered by a FlushedFact.
  void flush(int64_t token);

 private:
  int add(Sink sink);

  Orders orders_;
  Output output_;
  std::atomic<int> sinks_{0};
  std::thread thread_;
};

}  // namespace sentry
