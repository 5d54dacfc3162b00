// Classify texts with fetch: node examples/predict.mjs "where is my parcel"
// Exit codes: 0 classified, 1 refused or no response.
// `predict` also runs in a browser, from the function's own origin.

const RETRIES = 5;

/** Return the prediction for each text: { intent, confidence }. */
export async function predict(url, texts) {
  for (let left = RETRIES; ; left -= 1) {
    const response = await fetch(`${url.replace(/\/$/, "")}/predict`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ texts }),
      signal: AbortSignal.timeout(30_000),
    });
    if (response.ok) return (await response.json()).predictions;
    if (response.status !== 503 || left === 0) {
      throw new Error(`${response.status}: ${(await response.json()).error}`);
    }
    // A pod that starts or is overloaded responds with 503, mostly with the seconds to wait.
    const seconds = Number(response.headers.get("Retry-After") ?? "1");
    await new Promise((done) => setTimeout(done, 1000 * (Number.isNaN(seconds) ? 1 : seconds)));
  }
}

const texts = process.argv.slice(2);
try {
  const predictions = await predict(process.env.INTENT_URL ?? "http://localhost:8080", texts);
  predictions.forEach(({ intent, confidence }, i) => console.log(intent, confidence, texts[i]));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
