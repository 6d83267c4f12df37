// The page's side of /page/…: plain requests, and one stream of events that comes back by itself.

const RETRY_MS = 1500;

async function post(path, body) {
  const response = await fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(await response.text());
  return response.json();
}

export async function setup() {
  const response = await fetch("/page/setup");
  if (!response.ok) throw new Error(await response.text());
  return response.json();
}

export const write = (where, text, repliesTo) => post("/page/write", { ...where, text, replies_to: repliesTo });

export const tap = (where, message, data) => post("/page/tap", { ...where, message, data });

export const switchFault = (fault, on) => post("/page/fault", { fault, on });

export const push = (symbol, percent) => post("/page/push", { symbol, percent });

// `where` is {person, chat, topic}; without a chat only what stands besides is told.
// Calls hear(news) for every change and connected(yes) when the line comes or goes. Returns how to stop.
export function listen(where, hear, connected) {
  let source;
  let retry;
  const open = () => {
    const { person, chat, topic } = where;
    const place = chat === null ? "" : `&chat=${chat}&topic=${topic}`;
    source = new EventSource(`/page/events?person=${person}${place}`);
    source.onopen = () => connected(true);
    source.onmessage = (event) => hear(JSON.parse(event.data));
    source.onerror = () => {
      connected(false);
      if (source.readyState === EventSource.CLOSED) retry = setTimeout(open, RETRY_MS);
    };
  };
  open();
  return () => {
    clearTimeout(retry);
    source.close();
  };
}
