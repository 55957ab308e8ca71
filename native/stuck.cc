// The third part of Output: sinks that take nothing, how long they are waited for, and what is dropped where that is too long.
#include <algorithm>

#include "output.h"

namespace sentry {

// Nothing will be written there any more. What waits is lost, and so is what the runs that are over have left in pipes.
void Output::give_up(int number, Outlet& outlet) {
  while (!outlet.waiting.empty()) drop_first(number, outlet);
  for (const Token token : std::exchange(outlet.held, {})) {
    const auto found = sources_.find(token);
    if (found != sources_.end() && found->second.marked()) discard(found->second.from().run, number, outlet);
  }
  if (outlet.sink.untold() > 0) post_(LostFact{"output", outlet.sink.untold(), outlet.sink.has_bounds() ? number : 0});
}

// What a run has printed goes with its last line. Kept for a slow reader, the pipes of a process that restarts all the
// time would use up the descriptors.
void Output::discard(RunId run, int number, Outlet& outlet) {
  const Sink::State before = outlet.sink.state();
  outlet.sink.give_up();
  drain(run, number, outlet);
  for (const Token token : source_tokens(run)) {
    const auto found = sources_.find(token);
    if (found == sources_.end() || outlet_number(found->second.sink()) != number) continue;
    if (found->second.hung_up()) take_turn(token, found->second, outlet);  // it sees the end
  }
  outlet.sink.go_back_to(before);
}

// The same for runs whose closing lines go elsewhere: of those the oldest first, too.
void Output::bound_closed(int number, Outlet& outlet) {
  std::set<RunId> over;
  for (const Token token : outlet.held) {
    const auto found = sources_.find(token);
    if (found != sources_.end() && found->second.marked()) over.insert(found->second.from().run);
  }
  for (auto run = over.begin(); std::distance(run, over.end()) > static_cast<ptrdiff_t>(most_closing); ++run) {
    discard(*run, number, outlet);
  }
  report(number, outlet.sink);
}

void Output::look_after_stuck() {
  for (auto& [number, outlet] : outlets_) {
    Sink& sink = outlet.sink;
    if (!outlet.needs_a_look() || !sink.is_due()) continue;
    if (sink.state() == Sink::State::failing) {
      sink.resume();
      // Also where what is owed was not taken: who waits for room in a pipe that is full by now brings no news of it.
      ready_.merge(std::exchange(outlet.held, {}));
    } else if (sink.state() == Sink::State::blocked && !sink.last_try()) {
      sink.give_up();
    }
    settle(number, outlet);
  }
}

// An end is no time to wait for a sink that seemed unread, nor to take that for granted; and where a disk was full a moment
// ago there may be room by now.
void Output::try_once_more(int number, Outlet& outlet) {
  const std::set<Token> held = outlet.held;
  outlet.sink.resume();
  settle(number, outlet);
  for (const Token token : held) {
    if (!outlet.sink.stuck()) drain_source(token, number, outlet);
  }
  settle(number, outlet);
}

// -1: none is being waited for.
int Output::patience_left() const {
  int64_t least = -1;
  for (const auto& [number, outlet] : outlets_) {
    if (!outlet.needs_a_look()) continue;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(outlet.sink.next_look() - Sink::Clock::now());
    const int64_t count = std::max<int64_t>(left.count(), 0);
    least = least < 0 ? count : std::min(least, count);
  }
  return static_cast<int>(least);
}

// EPOLLET: a terminal with room for one character, when the next is a newline that becomes two, is writable and takes
// nothing. Watched only while it is blocked: a terminal reports each read at its other end.
void Output::watch(int number, Outlet& outlet) {
  const Sink::State state = outlet.sink.state();
  const bool stuck = state == Sink::State::blocked || state == Sink::State::unread;
  if (stuck == outlet.watched) return;
  const int fd = outlet.sink.descriptor();
  if (stuck) subscribe(fd, EPOLLOUT | EPOLLET, sink_token(number));
  if (!stuck) unsubscribe(fd);
  outlet.watched = stuck;
}

}  // namespace sentry
