// The camera: live answers, smoothed over time as on the screen of the kiosk.

const COVERED_EVERY_S = 2; // a slow explanation; the bars go on between two
const SMOOTHING_S = 0.25, MOST_NOVELTY = 2; // as app/model/observation.py has them

/** Shows what the camera sees and what the model says. */
class Live {
  constructor(classifier) {
    this.classifier = classifier;
    this.stream = null;
    this.attempt = null; // the newest start that nothing has stopped
    byId('why').addEventListener('change', () => this.showLight(null));
    byId('camera-button').disabled = false;
    byId('camera-button').addEventListener('click', () => this.start());
    byId('camera-stop').addEventListener('click', () => this.stop());
    byId('camera').addEventListener('change', () => this.start(byId('camera').value));
    byId('mirror').addEventListener('change', () => this.mirror());
    byId('video').addEventListener('resize', () => this.placeFrame());
    navigator.mediaDevices?.addEventListener?.('devicechange', () => this.stream && this.listCameras());
    this.mirror();
  }

  mirror() {
    byId('stage').classList.toggle('mirrored', byId('mirror').checked);
  }

  async start(deviceId) {
    this.stop();
    const attempt = this.attempt = {};
    let stream;
    try {
      if (!navigator.mediaDevices?.getUserMedia) throw new DOMException('', 'NotSupportedError');
      const ideal = {width: {ideal: 640}, height: {ideal: 480}};
      stream = await navigator.mediaDevices.getUserMedia({
        video: deviceId ? {deviceId: {exact: deviceId}, ...ideal} : {facingMode: {ideal: 'user'}, ...ideal},
      });
    } catch (error) {
      if (this.attempt === attempt) this.explain(error);
      return;
    }
    if (this.attempt !== attempt) {
      released(stream);
      return;
    }
    this.stream = stream;
    const video = byId('video');
    stream.getVideoTracks()[0].addEventListener('ended', () => {
      if (this.stream === stream) {
        this.stop();
        this.explain(new DOMException('', 'NotFoundError'));
      }
    });
    video.srcObject = stream;
    await video.play().catch(() => {}); // it ends early if the camera is stopped meanwhile
    if (this.stream !== stream) return;
    this.show(true);
    byId('camera-stop').focus();
    await this.listCameras();
    this.loop(stream).catch((error) => {
      this.stop();
      showFailure(error);
    });
  }

  stop() {
    released(this.stream);
    this.stream = this.attempt = null;
    byId('video').srcObject = null;
    const hadFocus = byId('camera-controls').contains(document.activeElement);
    this.show(false);
    if (hadFocus) byId('camera-button').focus();
    showAnswer(null);
    this.showLight(null);
  }

  show(running) {
    for (const id of ['video', 'frame', 'camera-controls']) byId(id).hidden = !running;
    byId('camera-button').hidden = running;
    if (running) {
      byId('camera-problem').hidden = true;
      this.placeFrame();
    }
  }

  explain(error) {
    const names = {
      NotAllowedError: 'camera_refused', SecurityError: 'camera_refused', NotFoundError: 'camera_missing',
      NotSupportedError: 'camera_impossible',
    };
    say(byId('camera-problem'), names[error.name] || 'camera_busy');
    byId('camera-problem').hidden = false;
  }

  /** Frame the square that the model sees. */
  placeFrame() {
    const {videoWidth: width, videoHeight: height} = byId('video');
    if (!width) return;
    const [left, top, side] = centreSquare(width, height, FACTS.cropShare);
    byId('stage').style.aspectRatio = `${width} / ${height}`;
    Object.assign(byId('frame').style, {
      left: `${(100 * left) / width}%`, top: `${(100 * top) / height}%`,
      width: `${(100 * side) / width}%`, height: `${(100 * side) / height}%`,
    });
  }

  /** Light what speaks for the answer; null lights nothing. */
  showLight(why) {
    const shown = why && showsWhy() && this.stream;
    byId('light').hidden = !shown;
    if (!shown) {
      this.why = null;
      return;
    }
    this.why = calmed(this.why, why);
    drawLight(byId('light'), this.why);
  }

  async listCameras() {
    const cameras = (await navigator.mediaDevices.enumerateDevices()).filter((one) => one.kind === 'videoinput');
    const current = this.stream?.getVideoTracks()[0].getSettings().deviceId;
    byId('camera').replaceChildren(...cameras.map((camera, i) => {
      const name = camera.label || `${text('camera')} ${i + 1}`;
      return element('option', {text: name, value: camera.deviceId, ...(camera.deviceId === current && {selected: ''})});
    }));
  }

  async loop(stream) {
    const video = byId('video'), size = this.classifier.runner.size;
    let before = null, explainedAt = -Infinity;
    while (this.stream === stream) {
      if (video.readyState >= 2 && video.videoWidth) {
        const isDue = this.classifier.why || performance.now() / 1000 - explainedAt > COVERED_EVERY_S;
        const answer = await this.classifier.answer(videoInput(video, size), showsWhy() && isDue);
        if (this.stream !== stream) return;
        if (answer.why) {
          explainedAt = performance.now() / 1000;
          this.showLight(answer.why);
        }
        before = smoothed(before, answer, performance.now() / 1000);
        showAnswer(before, this.classifier);
      }
      await new Promise((resolve) => (document.hidden ? setTimeout(resolve, 250) : requestAnimationFrame(resolve)));
    }
  }
}

/** Let other programs use the camera again. */
function released(stream) {
  stream?.getTracks().forEach((track) => track.stop());
}

/** Add an answer to the smoothed ones. */
function smoothed(before, {probabilities, novelty: unlikeness}, now) {
  if (!before) return {probabilities, novelty: Math.min(unlikeness, MOST_NOVELTY), now};
  const weight = 1 - Math.exp(-(now - before.now) / SMOOTHING_S);
  return {
    probabilities: before.probabilities.map((value, i) => value + weight * (probabilities[i] - value)),
    novelty: before.novelty + weight * (Math.min(unlikeness, MOST_NOVELTY) - before.novelty),
    now,
  };
}

/** The mean of an explanation and the one before it, if they are of the same kind: the light does not flicker. */
function calmed(before, why) {
  if (!before || before.winner !== why.winner || before.other !== why.other || !why.exact) return why;
  return {...why, cells: why.cells.map((value, i) => (value + 2 * before.cells[i]) / 3)};
}

/** Make a bar for each class. */
function makeBars() {
  byId('bars').replaceChildren(...FACTS.labels.map((label, i) => {
    const fill = element('i');
    fill.style.background = `var(--class-${i})`;
    return element(
      'li', {}, shapeOf(i), element('span', {text: label, class: 'label'}), element('span', {class: 'share'}),
      element('span', {class: 'track'}, fill),
    );
  }));
}

/** Show an answer as verdict and bars; null clears them. */
function showAnswer(answer, classifier) {
  const verdict = answer && classifier.judged(answer);
  [...byId('bars').children].forEach((bar, i) => {
    const share = answer ? answer.probabilities[i] : 0;
    bar.querySelector('i').style.width = `${100 * share}%`;
    bar.querySelector('.share').textContent = answer ? percent(share) : '';
    bar.classList.toggle('leading', Boolean(verdict && verdict.known && verdict.best === i));
  });
  const index = verdict && (verdict.known || verdict.nearMiss) ? verdict.best : -1;
  const words = !verdict ? '' : index < 0 ? text('not_sure')
    : verdict.known ? FACTS.labels[index] : text('near_miss', {label: FACTS.labels[index]});
  if (byId('verdict').dataset.shown === words) return;
  byId('verdict').dataset.shown = words;
  byId('verdict').replaceChildren(...(index < 0 ? [] : [shapeOf(index)]), element('span', {text: words}));
  byId('spoken').textContent = words;
}
