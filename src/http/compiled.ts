// Made from schema.ts by compiled.build.ts; not to be edited. See there.
// oxlint-disable typescript/no-explicit-any
import { flag, list, number, object, open, text } from "./json.ts";
import type { AnswerName, RequestCheck, RequestName } from "./schema.ts";

export const checks: Readonly<Record<RequestName, RequestCheck>> = {
  Scale: {
    must: "an object, such as { \"count\": 2 }",
    fields: [
      { name: "count", required: true, must: "a whole number from 0", check: (value: any) => (Number.isInteger(value) && (!((Number.isFinite(value) || typeof value === "bigint")) || value >= 0)) },
    ],
  },
  Restart: {
    must: "an object, such as { \"rolling\": true }",
    fields: [
      { name: "rolling", required: false, must: "true or false", check: (value: any) => typeof value === "boolean" },
    ],
  },
  Signal: {
    must: "an object, such as { \"signal\": \"SIGHUP\" }",
    fields: [
      { name: "signal", required: true, must: "the name of a signal, such as SIGHUP", check: (value: any) => (typeof value === "string" && /\S/u.test(value)) },
    ],
  },
  Nothing: {
    must: "left out, or an empty object",
    fields: [],
  },
  ScaleForm: {
    must: "the form field `scale`",
    fields: [
      { name: "scale", required: true, must: "a whole number from 0", check: (value: any) => (typeof value === "string" && /^[0-9]{1,9}$/u.test(value)) },
    ],
  },
  OfEntry: {
    must: "`?entry=`",
    fields: [
      { name: "entry", required: false, must: "the name of an entry", check: (value: any) => (typeof value === "string" && /\S/u.test(value)) },
    ],
  },
  HistoryQuery: {
    must: "`?entry=&limit=`",
    fields: [
      { name: "entry", required: false, must: "the name of an entry", check: (value: any) => (typeof value === "string" && /\S/u.test(value)) },
      { name: "limit", required: false, must: "a whole number from 1 to 10000", check: (value: any) => (typeof value === "string" && /^(10000|[1-9][0-9]{0,3})$/u.test(value)) },
    ],
  },
  LogsQuery: {
    must: "`?lines=&follow=`",
    fields: [
      { name: "lines", required: false, must: "a whole number from 0 to 1000000", check: (value: any) => (typeof value === "string" && /^(1000000|[0-9]{1,6})$/u.test(value)) },
      { name: "follow", required: false, must: "true or false", check: (value: any) => (typeof value === "string" && /^(|true|false|1|0)$/u.test(value)) },
    ],
  },
  NoQuery: {
    must: "nothing",
    fields: [],
  },
};

const ProcessLastExit = (it: any): string =>
  `{"pid":${number(it.pid)}` +
  `,"code":${number(it.code)}` +
  `,"signal":${text(it.signal)}` +
  `,"coreDumped":${flag(it.coreDumped)}` +
  `,"oomKilled":${flag(it.oomKilled)}` +
  `,"status":${text(it.status)}` +
  `,"cause":${text(it.cause)}` +
  `,"at":${text(it.at)}` +
  `,"ranMs":${number(it.ranMs)}` +
  `,"maxRssBytes":${number(it.maxRssBytes)}` +
  `,"userMs":${number(it.userMs)}` +
  `,"systemMs":${number(it.systemMs)}` + "}";

const ProcessNotify = (it: any): string =>
  `{"status":${text(it.status)}` +
  `,"doing":${text(it.doing)}` +
  `,"errno":${number(it.errno)}` + "}";

const Process = (it: any): string =>
  `{"id":${text(it.id)}` +
  `,"entry":${text(it.entry)}` +
  `,"slot":${number(it.slot)}` +
  `,"pid":${number(it.pid)}` +
  `,"state":${text(it.state)}` +
  `,"ready":${flag(it.ready)}` +
  `,"command":${text(it.command)}` +
  `,"args":${list(it.args, text)}` +
  `,"startedAt":${text(it.startedAt)}` +
  `,"uptimeMs":${number(it.uptimeMs)}` +
  `,"restarts":${number(it.restarts)}` +
  `,"nextStartAt":${text(it.nextStartAt)}` +
  `,"cpuPercent":${number(it.cpuPercent)}` +
  `,"memoryBytes":${number(it.memoryBytes)}` +
  `,"lastExit":${object(it.lastExit, ProcessLastExit)}` +
  (it.blockedBy === undefined ? "" : `,"blockedBy":${list(it.blockedBy, text)}`) +
  (it.notReady === undefined ? "" : `,"notReady":${text(it.notReady)}`) +
  (it.missedRuns === undefined ? "" : `,"missedRuns":${number(it.missedRuns)}`) +
  (it.notify === undefined ? "" : `,"notify":${object(it.notify, ProcessNotify)}`) + "}";

const Stray = (it: any): string =>
  `{"pid":${number(it.pid)}` +
  `,"name":${text(it.name)}` +
  `,"state":${text(it.state)}` +
  `,"startedAt":${text(it.startedAt)}` + "}";

const Entry = (it: any): string =>
  `{"name":${text(it.name)}` +
  `,"command":${text(it.command)}` +
  `,"args":${list(it.args, text)}` +
  `,"count":${number(it.count)}` +
  `,"up":${flag(it.up)}` +
  `,"running":${number(it.running)}` +
  `,"ready":${number(it.ready)}` +
  `,"slots":${list(it.slots, text)}` +
  `,"options":${open(it.options)}` + "}";

const Record = (it: any): string => open(it);

const Change = (it: any): string =>
  `{"entry":${text(it.entry)}` +
  `,"change":${text(it.change)}` +
  `,"because":${list(it.because, text)}` + "}";

const Problem = (it: any): string =>
  `{"type":${text(it.type)}` +
  `,"title":${text(it.title)}` +
  `,"status":${number(it.status)}` +
  `,"detail":${text(it.detail)}` +
  `,"code":${text(it.code)}` + "}";

const Health = (it: any): string =>
  `{"status":${text(it.status)}` + "}";

const Readiness = (it: any): string =>
  `{"ready":${flag(it.ready)}` +
  `,"waiting":${list(it.waiting, text)}` + "}";

const ReloadAccepted = (it: any): string =>
  `{"reload":${number(it.reload)}` + "}";

const StopAccepted = (it: any): string =>
  `{"stopping":${flag(it.stopping)}` +
  `,"pid":${number(it.pid)}` + "}";

const Reopened = (it: any): string =>
  `{"reopened":${number(it.reopened)}` +
  `,"failed":${list(it.failed, text)}` + "}";

export const writers: Readonly<Record<AnswerName, (it: any) => string>> = { Process, Stray, Entry, Record, Change, Problem, Health, Readiness, ReloadAccepted, StopAccepted, Reopened };
