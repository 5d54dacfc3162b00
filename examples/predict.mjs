// Ask the function with fetch: node examples/predict.mjs "where is my parcel"
// Without its last lines, it runs in a browser, too (from the function's own origin).

const TRIES = 5;

/** Give the prediction for each text: { intent, confidence }. */
export async function predict(url, texts) {
  for (let left = TRIES; ; left -= 1) {
    const answer = await fetch(`${url}/predict`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ texts }),
      signal: AbortSignal.timeout(30_000),
    });
    if (answer.ok) return (await answer.json()).predictions;
    if (answer.status !== 503 || left === 0) {
      throw new Error(`${answer.status}: ${(await answer.json()).error}`);
    }
    // A pod that starts or is overloaded answers 503, and may say how many seconds to wait.
    const seconds = Number(answer.headers.get("Retry-After") ?? "1");
    await new Promise((done) => setTimeout(done, 1000 * (Number.isNaN(seconds) ? 1 : seconds)));
  }
}

const texts = process.argv.slice(2);
try {
  const predictions = await predict(process.env.INTENT_URL ?? "http://localhost:8080", texts);
  predictions.forEach(({ intent, confidence }, at) => console.log(intent, confidence, texts[at]));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
