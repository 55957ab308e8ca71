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
// A pipe that has come to its end is let go of at the keeper too, which holds all others for the case of a SIGKILL. An
// exec ends this thread in order, with detach(): the next image goes on with what it had, and no byte has left a pipe
// but to where it belongs.
//
// See orders.h (what can be asked), source.h (how bytes get from a pipe to a sink without being lost), sink.h (why nobody
// is waited for), bounds.h (how large a file may be) and output.h (the thread's loop).
#pragma once
#include <atomic>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "fact.h"
#include "fault.h"
#include "fd.h"
#include "intake.h"
#include "keeper_link.h"
#include "log_file.h"
#include "orders.h"
#include "output.h"

namespace sentry {

class Pump {
 public:
  // Starts the thread, with all signals blocked. Where the machine refuses what it needs, fault() says so and the pump
  // does nothing.
  explicit Pump(Post post, KeeperLink keeper = {});
  // Does what was asked for so far, as far as the sinks take it at once, and ends the thread. Nobody is waited for. What
  // is left in the pipes is not read: it lives on in the kernel where somebody else holds their read ends, and is lost
  // where nobody does; who prints then gets SIGPIPE. What was dropped and not yet told is posted as lost; a flush that
  // was not done yet is posted as done.
  ~Pump();
  Pump(const Pump&) = delete;
  Pump& operator=(const Pump&) = delete;

  using Left = Output::Left;
  // Like the end, but the pipes are given back, with what stays in them, and so are halves of lines that a sink has
  // still to take. Nothing but the destructor may be called afterwards.
  Left detach();

  const std::optional<Fault>& fault() const noexcept { return output_.fault(); }

  // Each gives the number of a new sink. The descriptor itself is not kept, and may be closed.
  int open_terminal(int fd, Format format = Format::shown);
  std::variant<int, Fault> open_file(LogFile file);
  // One that throws away what it is given; what goes there can be told all the same.
  int open_nowhere();
  // The number of a sink that leads to a terminal, for one entry: all that goes through it is kept in the tail as well.
  int open_tailed(int terminal, Fd tail);
  // Opens all files anew, by their paths: somebody has moved them away. Each goes over at the end of a line, if the old file
  // takes that. Where a path cannot be opened the old file goes on, and a fault says why. How many were opened is put in
  // `files`.
  std::vector<Fault> reopen_files(int& files);
  // A rotated file of this sink has been compressed: see rotation.h. Answered by a PackedFact.
  void packed(int sink, Fd original, std::string packed);

  void adopt(Intake intake);
  // To be called before anything else is said to that sink.
  void owe(int sink, std::string text);
  void say(Line line);
  // What was told of it by the last LinesFact may leave the pipe, and the next lines are told.
  void seen_lines(RunId run, int stream);
  // No lines of it are told any more; what was told and not seen goes its way.
  void hush(RunId run);
  // Answered by a FlushedFact.
  void flush(int64_t token);
  // Gives all pipes to the keeper: it is a new one.
  void hold_all();

 private:
  struct File { int number; LogFile file; };

  int add(Sink sink, int echo = 0);
  void end();

  Orders orders_;
  Output output_;
  std::atomic<int> sinks_{0};
  std::mutex files_mutex_;
  std::vector<File> files_;
  std::thread thread_;
};

}  // namespace sentry
