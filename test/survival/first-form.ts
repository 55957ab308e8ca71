/**
 * What a Sentry has written that knew nothing of trees, restart policies and daemons: version 1 of the state, and lines of
 * its history, but for line breaks. Never to be changed: such files are out there.
 */
export const STATE_1 = `{"version":1,"sentry":"0.1.0","boot":"b0b0b0b0-0000-4000-8000-000000000000","instance":"3f2a9c1b7d8e0f11","pid":4711,
"startedAt":1795329299000000,"reexecedAt":null,"lastId":16,"state":{"course":"keeping","leaveBy":null,
"entries":[{"law":{"name":"web","count":5,"delay":1000,"stopSignal":"SIGTERM","grace":10000},"count":5,
"rolling":null}],"removed":[],"slots":[{"entry":"web","number":0,"wanted":true,"starts":1,"lastExit":null,
"phase":{"kind":"running","run":1,"started":{"pid":101,"at":{"wall":1334005000000000,"mono":5000000},
"identity":{"startTicks":1001,"pipes":[20002,20003]}},"settles":null}},{"entry":"web","number":1,"wanted":false,
"starts":1,"lastExit":null,"phase":{"kind":"stopping","run":2,"started":{"pid":102,"at":{"wall":1334005000000000,
"mono":5000000},"identity":{"startTicks":1002,"pipes":[20004,20005]}},"grace":{"token":2,"at":5010500},
"cause":"stopped","by":{"kind":"socket","pid":4000,"uid":1000}}},{"entry":"web","number":2,"wanted":true,"starts":1,
"lastExit":{"exit":{"pid":103,"code":3,"signal":null,"coreDumped":false,"at":{"wall":1334005000500000,"mono":5000500},
"kernelTime":true,"userMs":1,"systemMs":1,"maxRssBytes":null},"cause":"exited","ran":500},"phase":{"kind":"waiting",
"restart":{"token":1,"at":5001500}}},{"entry":"web","number":3,"wanted":true,"starts":0,"lastExit":null,
"phase":{"kind":"starting","run":4}},{"entry":"web","number":4,"wanted":false,"starts":1,
"lastExit":{"exit":{"pid":105,"code":null,"signal":"SIGTERM","coreDumped":false,"at":{"wall":1334005000500000,
"mono":5000500},"kernelTime":true,"userMs":1,"systemMs":1,"maxRssBytes":null},"cause":"stopped","ran":500},
"phase":{"kind":"stopped"}}],"nextRun":7,"nextToken":5},"definitions":[]}`;

/** Of slots 0 to 2 of the same, from the beginning. */
export const LINES_1 = `[{"id":1,"at":"2012-04-09T20:56:40.000000Z","type":"started","entry":"web","slot":0,"pid":101,"code":null,
"signal":null,"coreDumped":false,"status":null,"cause":null,"by":null,"run":1,"restarts":0,"mono":5000000,
"identity":{"startTicks":1001,"pipes":[20002,20003]},"mark":"3f2a9c1b7d8e0f11.1",
"boot":"b0b0b0b0-0000-4000-8000-000000000000"},{"id":2,"at":"2012-04-09T20:56:40.000000Z","type":"started",
"entry":"web","slot":1,"pid":102,"code":null,"signal":null,"coreDumped":false,"status":null,"cause":null,"by":null,
"run":2,"restarts":0,"mono":5000000,"identity":{"startTicks":1002,"pipes":[20004,20005]},"mark":"3f2a9c1b7d8e0f11.2",
"boot":"b0b0b0b0-0000-4000-8000-000000000000"},{"id":3,"at":"2012-04-09T20:56:40.000000Z","type":"started",
"entry":"web","slot":2,"pid":103,"code":null,"signal":null,"coreDumped":false,"status":null,"cause":null,"by":null,
"run":3,"restarts":0,"mono":5000000,"identity":{"startTicks":1003,"pipes":[20006,20007]},"mark":"3f2a9c1b7d8e0f11.3",
"boot":"b0b0b0b0-0000-4000-8000-000000000000"},{"id":5,"at":"2012-04-09T20:56:40.500000Z","type":"exited",
"entry":"web","slot":2,"pid":103,"code":3,"signal":null,"coreDumped":false,"status":"known","cause":"exited",
"by":null,"run":3,"ranMs":500,"mono":5000500,"userMs":1,"systemMs":1,"maxRssBytes":null},{"id":6,
"at":"2012-04-09T20:56:40.500000Z","type":"waiting","entry":"web","slot":2,"pid":null,"code":null,"signal":null,
"coreDumped":false,"status":null,"cause":null,"by":null,"until":5001500},{"id":7,"at":"2012-04-09T20:56:40.500000Z",
"type":"stopping","entry":"web","slot":1,"pid":102,"code":null,"signal":null,"coreDumped":false,"status":null,
"cause":"stopped","by":{"kind":"socket","pid":4000,"uid":1000},"run":2,"wanted":false,"until":5010500},{"id":9,
"at":"2012-04-09T20:56:40.500000Z","type":"scaled","entry":"web","slot":null,"pid":null,"code":null,"signal":null,
"coreDumped":false,"status":null,"cause":null,"by":{"kind":"socket","pid":4000,"uid":1000},"count":6},{"id":10,
"at":"2012-04-09T20:56:40.500000Z","type":"scaled","entry":"web","slot":null,"pid":null,"code":null,"signal":null,
"coreDumped":false,"status":null,"cause":null,"by":{"kind":"socket","pid":4000,"uid":1000},"count":5},{"id":16,
"at":"2012-04-09T20:56:40.510000Z","type":"signalled","entry":"web","slot":0,"pid":101,"code":null,"signal":"SIGHUP",
"coreDumped":false,"status":null,"cause":null,"by":{"kind":"socket","pid":4000,"uid":1000}}]`;
