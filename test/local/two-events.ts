/** Lets a process that preloads it announce two events and no more: then it is in the midst of its work for as long as one likes. See crash.test.ts. */
import { EventLog } from '../../local/event-log.ts';

const { append } = EventLog.prototype;
let announced = 0;
EventLog.prototype.append = async function (events) {
  if (announced >= 2) await new Promise(() => {});
  announced += events.length;
  return append.call(this, events);
};
