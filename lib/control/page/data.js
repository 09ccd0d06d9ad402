async function ask(method) {
	const response = await fetch("/api/" + method);
	return response.json();
}
