// What ends the telling of lines, or comes in between: nobody waits for them any more, the run is over, nobody reads where
// they go, another pump goes on.
#include "../host.h"
#include "check.h"
#include "listening.h"

using namespace listening;

TEST("after hush nothing is told, and what was told and not seen goes its way") {
  File file;
  Listener listener;
  Fd out = adopt(*listener.pump, file.open(*listener.pump));
  print(out, "one\n");
  CHECK(listener.last(1) == "one\n");
  print(out, "two\n");
  listener.pump->hush(kRun);
  REQUIRE(until([&] { return queued(out) == 0; }));
  print(out, "three\n");
  listener.see();
  REQUIRE(until([&] { return file.text().ends_with("three\n"); }));
  CHECK(unlabelled(file.text()) == Texts{"one", "two", "three"} && listener.told(1).size() == 1);
}

TEST("a run that was hushed before the line that opens it is read after that line, and not told") {
  File file;
  Listener listener;
  const int sink = file.open(*listener.pump);
  const Fd out = adopt(*listener.pump, sink, 0, false);
  print(out, "early\n");
  listener.pump->hush(kRun);
  REQUIRE(listener.settle());
  CHECK(file.size() == 0);
  say(*listener.pump, sink, "Started", kRun);
  REQUIRE(until([&] { return file.text().ends_with("early\n"); }));
  CHECK(unlabelled(file.text()) == Texts{"Started", "early"} && listener.told(0).empty());
}

TEST("the line that closes a run waits for nobody who has not looked: the rest of its output comes first") {
  File file;
  Listener listener;
  const int sink = file.open(*listener.pump);
  const Fd out = adopt(*listener.pump, sink);
  print(out, "one\n");
  CHECK(listener.last(1) == "one\n");
  print(out, "two\nlast words");
  say(*listener.pump, sink, "Exited", 0, kRun);
  REQUIRE(listener.settle());
  CHECK(unlabelled(file.text()) == Texts{"one", "two", "last words", "Exited"} && listener.told(1).size() == 1);
}

TEST("of a raw file too nothing leaves the pipe unseen, and half a line stays there until its end comes") {
  File file;
  Listener listener;
  const Fd out = adopt(*listener.pump, file.open(*listener.pump, Format::raw));
  print(out, "one\nhalf");
  CHECK(listener.last(1) == "one\n");
  REQUIRE(listener.settle());
  CHECK(file.size() == 0);
  listener.see();
  REQUIRE(until([&] { return file.text() == "one\n"; }));
  REQUIRE(listener.settle());
  CHECK(file.text() == "one\n" && queued(out) == 4);
  listener.pump->hush(kRun);
  print(out, " a line\n");
  CHECK(until([&] { return file.text() == "one\nhalf a line\n"; }));
}

TEST("a reader that takes nothing keeps nobody from being told") {
  Pipe reader;
  Listener listener;
  const int sink = listener.pump->open_terminal(reader.in.get());
  const Fd other = run_of(*listener.pump, 8, sink);
  say(*listener.pump, listener.pump->open_terminal(-1), "", 8);
  REQUIRE(print(other, std::string(100'000, 'x') + "\n"));
  REQUIRE(until([&] { return queued(reader.out) == 65'536; }));  // and the rest is owed
  const Fd out = adopt(*listener.pump, sink);
  print(out, "ready\n");
  listener.pump->flush(1);  // answered when the reader takes something, or is given up
  CHECK(listener.last(1) == "ready\n" && !listener.flushed);
  CHECK(queued(reader.out) == 65'536 && queued(out) == 6);
  listener.see();
  CHECK(until([&] { return queued(out) == 0; }));  // dropped, as nobody reads
}

TEST("the next pump tells what was not seen once more, and a run that was hushed is not told by it") {
  for (const bool hushed : {false, true}) {
    File file;
    Listener listener, next;
    const Fd out = adopt(*listener.pump, file.open(*listener.pump));
    print(out, "one\n");
    CHECK(listener.last(1) == "one\n");
    listener.see();
    REQUIRE(until([&] { return queued(out) == 0; }));
    print(out, "two\n");
    CHECK(listener.last(2) == "two\n");
    if (hushed) listener.pump->hush(kRun);
    Pump::Left left = listener.pump->detach();
    REQUIRE(left.intakes.size() == 1 && left.intakes[0].tell == !hushed);
    left.intakes[0].sink = file.open(*next.pump);
    next.pump->adopt(std::move(left.intakes[0]));
    if (!hushed) {
      CHECK(next.last(1) == "two\n");
      next.see();
    }
    REQUIRE(until([&] { return file.text().ends_with("two\n"); }));
    print(out, "three\n");
    if (hushed) REQUIRE(until([&] { return file.text().ends_with("three\n"); }));
    else CHECK(next.last(2) == "three\n");
    CHECK(next.told(0).size() == (hushed ? 0 : 2));
  }
}

TEST("a fact of lines that nobody was given is not left over: they are in the pipe, for the next pump to tell") {
  KeeperLink keeper;
  std::atomic<bool> woken = false;
  Host host({}, {}, keeper, [&] { woken = true; });
  const Fd out = adopt(host.pump(), host.pump().open_terminal(-1));
  print(out, "one\n");
  REQUIRE(until([&] { return woken.load(); }));
  const Host::Left left = host.detach();
  CHECK(left.facts.empty() && left.output.intakes.size() == 1 && queued(out) == 4);
}
